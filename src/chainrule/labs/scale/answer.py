"""The answer in plain words, composed of what was measured."""

from __future__ import annotations

import math

from chainrule.look.show import number

from ..lessons import LEARNED
from .findings import Findings, Run

CLOSE = 0.1  # relative: so well does the formula foretell what was measured
SLOWER = 1.25  # times as many steps: that is no chance
HARD = 0.5  # of a query's weight on one key: it has chosen


def answer(findings: Findings) -> str:
    """What was found, in Markdown."""
    return "\n\n".join(
        [
            "**Because q · k is a sum of d_k products: the more of them, the larger the scores, and large "
            f"scores make the softmax choose one key.** {headline(findings)}.",
            _formula(findings),
            _choices(findings),
            _gradient(findings),
            _runs(findings),
            _learning(findings),
            "**Try** `--set optimizer=sgd --set lr=0.03`, `--set lr=0.01`, `--set scale=0.1`, `--set "
            "keys=1000`.",
        ]
    )


def other(findings: Findings) -> str:
    """What the networks without 1 / √d_k are called."""
    scale = findings.options.scale
    return "without the scale" if scale == 1 else f"with × {scale:g} instead"


def headline(findings: Findings) -> str:
    counts = [
        sum(findings.run(d_k, scaled).lesson.learned for d_k in findings.options.sizes)
        for scaled in (True, False)
    ]
    return (
        f"Of {len(findings.options.sizes)} sizes of d_k, {counts[0]} learned with 1/√d_k, {counts[1]} "
        f"{other(findings)}"
    )


def _formula(findings: Findings) -> str:
    wrong = max(
        abs(choice.spread / choice.expected - 1) for row in findings.choices.values() for choice in row
    )
    text = (
        "**The formula.** Queries and keys of independent numbers with variance 1: q · k has variance d_k, "
        "so scores spread by √d_k, and divided by √d_k by 1. Measured, d_k from "
        f"{findings.choices[True][0].d_k} to {findings.choices[True][-1].d_k}: at most {wrong:.1%} away from "
        "that"
    )
    return f"{text}." if wrong < CLOSE else f"{text}, which is not close."


def _choices(findings: Findings) -> str:
    rows = [
        f"| d_k | spread, 1/√d_k | {other(findings)} | keys looked at, of {findings.options.keys} | "
        f"{other(findings)} | largest weight | {other(findings)} |",
        "|---|---|---|---|---|---|---|",
    ]
    for with_it, without in zip(findings.choices[True], findings.choices[False], strict=True):
        rows.append(
            f"| {with_it.d_k} | {with_it.spread:.2f} | {without.spread:.2f} | {with_it.seen:.1f} | "
            f"{without.seen:.1f} | {with_it.largest:.2f} | {without.largest:.2f} |"
        )
    note = (
        "Keys looked at: e to the entropy of the weights; all of them if all weigh alike, 1 if one has all."
    )
    hard = [choice.d_k for choice in findings.choices[False] if choice.largest > HARD]
    if hard:
        note += (
            f" {other(findings).capitalize()}, from d_k {hard[0]} on more than half of the weight is one "
            "key's, and nobody has learned anything yet."
        )
    return "\n".join([*rows, "", note])


def _gradient(findings: Findings) -> str:
    with_it, without = (findings.choices[scaled][-1] for scaled in (True, False))
    most = max(findings.choices[False], key=lambda choice: choice.gradient)
    text = (
        "**What comes back through the softmax.** p (dp - Σ p dp) is next to 0 where p is next to 0 or 1. "
        f"At d_k {without.d_k}, the median query's gradient by its scores is {number(without.gradient)} "
        f"times as long as that by its weights ({number(with_it.gradient)} with 1/√d_k)"
    )
    if without.gradient < with_it.gradient < most.gradient:
        text += (
            f". It does not shrink at once: at d_k {most.d_k} it is {number(most.gradient)}. A softmax that "
            "leans to a few keys moves more than one that is even; one that has chosen does not move"
        )
    return f"{text}."


def _runs(findings: Findings) -> str:
    rows = [
        "| d_k | | spread of the scores, before training | after | learned after | right in the end |",
        "|---|---|---|---|---|---|",
    ]
    for run in findings.runs:
        name = "1/√d_k" if run.scaled else other(findings)
        rows.append(
            f"| {run.d_k} | {name} | {run.spread:.2f} | {run.spread_after:.2f} | {_when(run)} | "
            f"{run.lesson.accuracy[-1]:.0%} |"
        )
    return "\n".join(
        [
            "**Networks that learn**: one layer, one head, to reverse a sequence of "
            f"{findings.options.length} symbols.",
            "",
            *rows,
            "",
            f"Symbols right by chance: {1 / findings.options.symbols:.0%}; learned: more than {LEARNED:.0%}.",
        ]
    )


def _learning(findings: Findings) -> str:
    said = []
    for d_k in findings.options.sizes:
        ratio = _steps(findings.run(d_k, False)) / _steps(findings.run(d_k, True))
        if math.isnan(ratio):
            said.append(f"at d_k {d_k} neither learned")
        elif math.isinf(ratio):
            said.append(f"at d_k {d_k} it did not learn, and with 1/√d_k it did")
        elif ratio == 0:
            said.append(f"at d_k {d_k} it learned, and with 1/√d_k it did not")
        elif ratio > SLOWER:
            said.append(f"at d_k {d_k} it took {ratio:.2g} times as many steps")
        elif ratio < 1 / SLOWER:
            said.append(f"at d_k {d_k} it took {1 / ratio:.2g} times fewer steps")
        else:
            said.append(f"at d_k {d_k} it makes little difference")
    text = f"**What it does to learning.** {other(findings).capitalize()}, {'; '.join(said)}."
    grown = [run for run in findings.runs if not run.scaled and run.spread_after > run.spread]
    if len(grown) == len(findings.options.sizes):
        text += (
            " Smaller queries and keys would do what the scale does; none of these networks learned them: "
            "the scores' spread grew in all."
        )
    return text


def _steps(run: Run) -> float:
    at = run.lesson.learned_at
    return math.inf if at is None else max(at, 1)


def _when(run: Run) -> str:
    at = run.lesson.learned_at
    return "not" if at is None else f"{at} steps"
