"""The answer in plain words, composed of what was measured."""

from __future__ import annotations

import math

from chainrule.look.show import number

from ..lessons import LEARNED
from .findings import Findings, Run
from .network import Way

SAME = 1e-9  # relative: in float64, two outputs that differ by less are the same
NEAR, FAR = 0.03, 0.05  # accuracies that differ by less are alike; by more, it is no chance


def answer(findings: Findings) -> str:
    """What was found, in Markdown."""
    return "\n\n".join(
        [
            "**Attention knows nothing about order but what it is told: by positions, or by a mask.** "
            f"{headline(findings)}.",
            _table(findings),
            _set(findings),
            _causal(findings),
            _within(findings),
            _beyond(findings),
            "**Try** `--set layers=1` and `--set layers=4` (the causal one), `--set task=reverse`, `--set "
            "back=5`, `--set length=32`, `--set longer=6`.",
        ]
    )


def headline(findings: Findings) -> str:
    """Who learned, and who still knows where sequences are longer."""
    learned = [run for run in findings.runs if run.lesson.learned]
    text = f"{len(learned)} of {len(findings.runs)} networks learn to say {findings.options.question}"
    if not learned or findings.options.longer == 1:
        return text
    best = max(learned, key=findings.beyond)
    return (
        f"{text}; beyond the trained length, from {min(map(findings.beyond, learned)):.0%} to "
        f"{findings.beyond(best):.0%} of their answers are right"
    )


def _table(findings: Findings) -> str:
    options = findings.options
    stretches = [(k * options.length, (k + 1) * options.length) for k in range(options.longer)]
    heading = " | ".join(f"positions {begin} to {end - 1}" for begin, end in stretches)
    rows = [
        "| positions | ids shuffled: outputs differ by | two exchanged: the last output | right, "
        f"{options.length} symbols | {options.longest} symbols, {heading} |",
        f"|---|---|---|---|{'---|' * len(stretches)}",
    ]
    for run in findings.runs:
        right = " | ".join(f"{run.between(*stretch):.0%}" for stretch in stretches)
        rows.append(
            f"| {run.way.name} | {_moved(run.shuffled)} | {_moved(run.exchanged)} | "
            f"{run.lesson.accuracy[-1]:.0%} | {right} |"
        )
    note = (
        "How outputs differ is from before training, in float64, relative to their length. Right by chance: "
        f"{1 / options.symbols:.0%}. Who always names the commonest of the other symbols of the sequence: "
        f"{findings.run('none').guess:.0%}; of those seen so far: {findings.run('causal').guess:.0%}."
    )
    return "\n".join([*rows, "", note])


def _set(findings: Findings) -> str:
    run = findings.run("none")
    text = f"**Without positions.** Shuffled ids give outputs that differ by {_moved(run.shuffled)} from "
    text += "the same outputs shuffled"
    if run.shuffled < SAME:
        text += (
            ": the same, but for rounding. A position knows its own symbol, and which others there are, and "
            "not where: no training can change that"
        )
    right = run.lesson.accuracy[-1]
    text += f". It gets {right:.1%} right; the commonest of the other symbols is right in {run.guess:.1%}"
    if abs(right - run.guess) < NEAR:
        text += ". So that is what it can do: count"
    return f"{text}."


def _causal(findings: Findings) -> str:
    run, other = findings.run("causal"), findings.run("none")
    text = "**A causal decoder without positions.** Its mask is an order: position t sees t + 1 symbols. "
    if run.exchanged < SAME:
        text += (
            "But with so few layers, the last position still sees a set: exchange the first two symbols, and "
            f"its output moves by {_moved(run.exchanged)}. With one layer more, what it looks at would know "
            "what stood before it."
        )
    else:
        text += (
            f"Exchange the first two symbols, and the last output moves by {_moved(run.exchanged)} (without "
            f"the mask: {_moved(other.exchanged)}): what stands at a position knows what stood before it, "
            "and the next layer can read that."
        )
    right = run.lesson.accuracy[-1]
    text += f" It gets {right:.0%} right; by the commonest of those before it, {run.guess:.0%}"
    if right > run.guess + FAR:
        text += ", so it has learned something about order"
        text += "." if run.lesson.learned else ", and not enough."
        return text
    return f"{text}, so it has learned nothing about order."


def _within(findings: Findings) -> str:
    said = [
        f"{run.way.phrase} {_when(run)}" for run in findings.runs if run.way.key not in ("none", "causal")
    ]
    return (
        f"**With positions, within the trained length** (learned: more than {LEARNED:.0%} right): "
        f"{'; '.join(said)}."
    )


def _beyond(findings: Findings) -> str:
    options = findings.options
    if options.longer == 1:
        return "**Beyond the trained length** nothing was tested."
    parts = [f"**Beyond the trained length**, in sequences of {options.longest} symbols."]
    for key, why in (
        ("learned", "its rows for these positions are as they began, no training sequence reached them"),
        ("sinusoidal", "the formula goes on, and the network has never met what it says there"),
    ):
        run = findings.run(key)
        if run.lesson.learned:
            lost = findings.beyond(run) < run.lesson.accuracy[-1] - FAR
            parts.append(f"{_fall(findings, run)}{f' ({why})' if lost else ''}.")
    rotary = findings.run("rotary")
    if rotary.lesson.learned:
        text = _fall(findings, rotary)
        inside = rotary.between(0, options.length)
        if inside < rotary.lesson.accuracy[-1] - FAR:
            text += (
                f"; but in a longer sequence they lose at the old positions, too ({inside:.0%}): scores know "
                "distances alone, and now there is more to overlook, at distances never met"
            )
        parts.append(f"{text}.")
    moved = findings.run("moved")
    if moved.lesson.learned:
        text = f"{_fall(findings, moved)}: in training, every batch began at another position, up to the last"
        if findings.beyond(moved) > findings.beyond(findings.run("sinusoidal")) + FAR:
            text += ", so what it meets here are known positions in a longer sequence"
        parts.append(f"{text}.")
    if len(parts) == 1:
        return "**Beyond the trained length** there is nothing to lose: nobody has learned within it."
    return " ".join(parts)


def _fall(findings: Findings, run: Run) -> str:
    text = f"{_capital(run.way)}: {findings.beyond(run):.0%} right, from {run.lesson.accuracy[-1]:.0%}"
    chance = 1 / findings.options.symbols
    return f"{text}, which is guessing" if abs(findings.beyond(run) - chance) < NEAR else text


def _capital(way: Way) -> str:
    return way.phrase.capitalize()


def _when(run: Run) -> str:
    at = run.lesson.learned_at
    if at is None:
        return f"not learned ({run.lesson.accuracy[-1]:.0%} right)"
    return f"after {at} steps"


def _moved(value: float) -> str:
    return "NaN" if math.isnan(value) else "0" if value == 0 else number(value)
