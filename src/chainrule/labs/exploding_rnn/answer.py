"""The answer in plain words, composed of what was measured."""

from __future__ import annotations

import math

from chainrule.look.show import number

from .findings import CHANCE, Findings, Run

HELPED = 0.2  # more of the answers right: that is no chance


def answer(findings: Findings) -> str:
    """What was found, in Markdown."""
    return "\n\n".join(
        [
            "**Because back-propagation through time multiplies by the same matrix at every step** (and by "
            f"tanh', which is at most 1). {headline(findings)}.",
            _table(findings),
            _exploding(findings),
            _vanishing(findings),
            _cures(findings),
            _depth(findings),
            "**Try** `--set length=60` (who still learns?), `--set large=1.2`, `--set small=0.9`, `--set "
            "gate-bias=0`, `--set clip=0.1`, `--set lr=0.01`.",
        ]
    )


def headline(findings: Findings) -> str:
    learned = [run.variant.name for run in findings.runs if run.learned]
    failed = [run.variant.name for run in findings.runs if not run.learned]
    parts = [("Learned", learned), ("Did not", failed)]
    return ". ".join(f"{what}: {'; '.join(names)}" for what, names in parts if names)


def _table(findings: Findings) -> str:
    rows = [
        "| | spectral radius | gradient × per step back | first symbol's / last symbol's | largest gradient "
        "in training | answers right |",
        "|---|---|---|---|---|---|",
    ]
    for run in findings.runs:
        rows.append(
            f"| {run.variant.name} | {run.radius:.2f} | {run.rate:.2f} | {number(run.left)} | "
            f"{number(max(run.norm))} | {run.accuracy:.0%} |"
        )
    chance = (
        f"Answers right by chance: {CHANCE:.0%}. Gradient: ∂L/∂h[t] of the lowest layer, before training."
    )
    return "\n".join([*rows, "", chance])


def _exploding(findings: Findings) -> str:
    plain, clipped = findings.named("large", clipped=False), findings.named("large")
    limit = findings.options.clip
    return (
        f"**Recurrent weights × {findings.options.large:g}**: {plain.before.sentence}.{_brake(plain)} In "
        f"training, the gradient was {number(max(plain.norm))} long at its longest, and after "
        f"{len(plain.loss)} steps {plain.accuracy:.0%} of the answers were right. Clipped to {limit:g}, "
        f"which met {clipped.share_clipped(limit):.0%} of the steps: {clipped.accuracy:.0%}. (Pascanu et "
        f"al. 2013, algorithm 1: the direction stays, the length does not.) {_verdict(plain, clipped)}"
    )


def _verdict(plain: Run, clipped: Run) -> str:
    if plain.learned:
        return "This explosion did no harm." if clipped.learned else "Here it learned without clipping only."
    if clipped.learned:
        return "**Clipping cures explosion.**"
    if clipped.accuracy - plain.accuracy > HELPED:
        return "**Clipping helps against explosion**; so many steps were too few to learn all of it."
    return "Clipping was not enough here."


def _brake(run: Run) -> str:
    """Why the rate is not the spectral radius."""
    if not run.rate < 0.95 * run.radius:
        return ""
    return (
        f" The spectral radius is {run.radius:.2f}, the rate {run.rate:.2f}: tanh' of units that saturate "
        "takes the rest."
    )


def _vanishing(findings: Findings) -> str:
    plain, clipped = findings.named("small", clipped=False), findings.named("small")
    text = (
        f"**Recurrent weights × {findings.options.small:g}**: {plain.before.sentence}. "
        f"{plain.accuracy:.0%} of the answers were right in the end, {clipped.accuracy:.0%} with clipping, "
        f"which met {clipped.share_clipped(findings.options.clip):.0%} of the steps."
    )
    if plain.learned or clipped.learned:
        return f"{text} What was left was enough."
    return (
        f"{text} **Clipping is no cure for vanishing**: it makes gradients shorter, and what is missing here "
        "is the first symbol's share of them. Scaled up, they would still point where the last symbols want "
        "to go."
    )


def _cures(findings: Findings) -> str:
    words = {
        "orthogonal": "a rotation keeps lengths, and only tanh' shrinks",
        "lstm": "beside the matrices there is a path from cell to cell, times a forget gate",
        "gru": "the update gate carries the state over",
    }
    said = []
    for name, why in words.items():
        run = findings.named(name)
        verdict = f"{run.accuracy:.0%} right" + ("" if run.learned else ", which is not learned")
        said.append(
            f"{run.variant.name} ({why}): × {run.rate:.2f} per step before training, {_after(run)} after it; "
            f"{verdict}."
        )
    return "**What keeps the rate near 1.** " + " ".join(said)


def _after(run: Run) -> str:
    growth = None if run.after.time is None else run.after.time.growth
    return "none" if growth is None or not math.isfinite(growth.rate) else f"{growth.rate:.2f}"


def _depth(findings: Findings) -> str:
    rates = [
        f"{run.variant.name.removesuffix(', clipped')}: × {run.before.depth_growth.rate:.2g}"
        for run in findings.ways_to_begin
        if run.before.depth_growth is not None
    ]
    return (
        "**By depth**, from the last layer to the embedding, per layer: "
        + "; ".join(rates)
        + ". Depth is the same "
        "thing with different matrices, and few of them; time is deep."
    )
