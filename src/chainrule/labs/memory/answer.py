"""The answer in plain words, composed of what was measured."""

from __future__ import annotations

from chainrule.look.growth import Growth

from .findings import SOLVED, Findings, Run
from .task import BASELINE


def answer(findings: Findings) -> str:
    """What was found, in Markdown."""
    return "\n\n".join(
        [
            f"{headline(findings)}. Who always says 1 has the error {BASELINE:.4f}, the variance of the sum "
            f"(0.1767 in the papers; {findings.runs[0].guess:.4f} on these test sequences). Solved: below "
            f"{SOLVED:.4f}.",
            _table(findings),
            *(_at(findings, time) for time in findings.options.times),
            "**What the rates say.** The last two columns are how much of the state's gradient one step back "
            "leaves, by `chainrule.gradient_flow`. 1 is perfect memory; a network below it hardly feels what "
            "stood far back, so it hardly learns to keep it. Training changes the rate.",
            "**Try** `--full` (150 and 400 steps; long), `--set lengths=20`, `--set hidden=32`, `--set "
            "lr-plain=0.01`, `--set clip=100`.",
        ]
    )


def headline(findings: Findings) -> str:
    """Who remembers over how many steps."""
    said = []
    for time in findings.options.times:
        solved = [run.cell.name for run in findings.of(time) if run.solved_at is not None]
        said.append(f"over {time} steps {', '.join(solved) if solved else 'nobody'}")
    return f"Who remembers: {'; '.join(said)}"


def _table(findings: Findings) -> str:
    rows = [
        "| steps | cell | parameters | learned after | test error in the end | gradient × per step back, "
        "before training | after |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {run.time} | {run.cell.name} | {run.parameters:,} | {_when(run)} | {run.errors[-1]:.4f} | "
        f"{_rate(run.before)} | {_rate(run.after)} |"
        for run in findings.runs
    ]
    return "\n".join(rows)


def _at(findings: Findings, time: int) -> str:
    runs = sorted(findings.of(time), key=lambda run: run.errors[-1])
    solved = sorted((run for run in runs if run.solved_at is not None), key=lambda run: run.solved_at or 0)
    guessing = [run.cell.name for run in runs if run.guesses]
    others = [
        f"{run.cell.name} is on its way ({run.errors[-1]:.3f})"
        for run in runs
        if run.solved_at is None and not run.guesses
    ]
    said = [f"{run.cell.name} after {run.solved_at} training steps" for run in solved]
    text = f"**{time} steps.** " + (f"Learned: {', '.join(said)}." if said else "Nobody learned it.")
    if others:
        text += f" {'; '.join(others)}."
    if guessing:
        text += f" No better than guessing after {findings.options.steps}: {', '.join(guessing)}."
    return text


def _when(run: Run) -> str:
    return "not" if run.solved_at is None else f"{run.solved_at} steps"


def _rate(growth: Growth | None) -> str:
    return "none" if growth is None else f"{growth.rate:.3f}"
