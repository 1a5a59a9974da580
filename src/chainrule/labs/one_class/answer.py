"""The answer in plain words, composed of what was measured."""

from __future__ import annotations

from typing import Any

from .anatomy import Anatomy, per_layer
from .findings import Findings, Run
from .options import SLOPES


def answer(findings: Findings) -> str:
    """What was found, in Markdown."""
    cure = findings.starts[-1].name
    bad = [run for name, runs in findings.runs.items() if name != cure for run in runs]
    stuck = sum(run.always_one_class for run in bad)
    parts = [
        f"Of {len(bad)} networks with unsuitable initial weights, **{stuck} gave all {findings.test_images} "
        f"test images one class after every epoch**. {_cure(findings.runs[cure], cure)}",
        _table(findings),
        _where(findings),
        _why(findings),
        _overflow(findings),
        _died(findings),
        f"**What to do.** {_condition(findings)}",
        "**Try** `--set activation=sigmoid` (does Glorot still help?), `--set cure=he`, `--set depth=2`, "
        "`--set optimizer=adam` (which divides a gradient by its own size), `--set large=0.2`.",
    ]
    return "\n\n".join(part for part in parts if part)


def _cure(runs: list[Run], name: str) -> str:
    learned = [run for run in runs if run.learned]
    if len(learned) == len(runs):
        return (
            f"The same network with {name} weights learned in {len(learned)} of {len(runs)} runs: "
            f"{_range(r.accuracy[-1] for r in runs)} of the test images right."
        )
    stuck = sum(run.always_one_class for run in runs)
    return (
        f"**{name} was no cure here**: {len(learned)} of {len(runs)} networks learned, {stuck} gave one "
        f"class after every epoch; {_range(r.accuracy[-1] for r in runs)} of the test images right."
    )


def _table(findings: Findings) -> str:
    rows = [
        "| weights from | one class after every epoch | test accuracy | spread × per layer (first run) | "
        "theory | logits' spread |",
        "|---|---|---|---|---|---|",
    ]
    for name, runs in findings.runs.items():
        before = runs[0].before
        rows.append(
            f"| {name} | {sum(run.always_one_class for run in runs)} of {len(runs)} | "
            f"{_range(r.accuracy[-1] for r in runs)} | {per_layer(before.spread):.2g} | "
            f"{per_layer(before.predicted_spread):.2g} | {before.spread[-1]:.2g} |"
        )
    return "\n".join(rows)


def _where(findings: Findings) -> str:
    """The starts that lose the images before training."""
    texts = []
    for name, runs in findings.runs.items():
        for before in [run.before for run in runs if run.before.lost_at is not None][:1]:
            texts.append(
                f"{name}: the pixels differ from image to image by {before.spread[0]:.2g}; every "
                f"convolution leaves {per_layer(before.spread):.2g} of that (theory, slope · std · √fan_in: "
                f"{per_layer(before.predicted_spread):.2g}). Layer {before.lost_at} of "
                f"{len(before.spread) - 1} is the first with less than a thousandth; the logits have "
                f"{before.spread[-1]:.1e} (theory: {before.predicted_spread[-1]:.1e}{_rounding(before)}). "
                f"On the way back {before.gradient[-1]:.2g} leaves the logits, and {before.gradient[0]:.1e} "
                "arrives at the first convolution."
            )
    return "**Where the images get lost.** Before the first step already. " + " ".join(texts) if texts else ""


def _rounding(anatomy: Anatomy) -> str:
    lost = anatomy.spread[-1] > 10 * anatomy.predicted_spread[-1]
    return "; the rest is rounding: float32 has 7 digits" if lost and anatomy.spread[-1] < 1e-6 else ""


def _why(findings: Findings) -> str:
    """What is left to learn for a network that has lost the images."""
    stuck = [r for runs in findings.runs.values() for r in runs if r.always_one_class and r.overflow is None]
    if not stuck:
        return ""
    prior, run = findings.prior, stuck[0]
    classes = len(set(run.favorite[1:]))
    return (
        "**Why one class.** If nothing that depends on the image arrives at the last layer, its bias is "
        "all that can be learned, and the best bias says how frequent the classes are. So it did "
        f"({run.start}, first such run): from image to image its probabilities differ by "
        f"{run.probability_range:.1g} at most; they are {_range(run.probabilities)}, the classes' shares "
        f"{_range(prior)}. Its loss is {run.train_loss[-1]:.3f}; whoever answers with the shares gets "
        f"{findings.entropy:.3f}. Which class comes out on top is chance: {classes} different ones in "
        f"{len(run.favorite) - 1} epochs."
    )


def _overflow(findings: Findings) -> str:
    texts = []
    for name, runs in findings.runs.items():
        steps = [run.overflow for run in runs if run.overflow is not None]
        if steps:
            before = runs[0].before
            texts.append(
                f"{name}: every layer multiplies the spread by {per_layer(before.spread):.2g}, the logits "
                f"have {before.spread[-1]:.1e}, and in {len(steps)} of {len(runs)} runs the loss was "
                f"infinite or NaN in step {_steps(steps)}."
            )
            first = next(run.favorite[-1] for run in runs if run.overflow is not None)
    if not texts:
        return ""
    return (
        f"**The other way to one class: numbers that overflow.** {' '.join(texts)} The weights are NaN from "
        f"then on, so are the logits, and argmax of NaN is the first class, {first}. The accuracy looks as "
        "above, the loss does not: look at it."
    )


def _died(findings: Findings) -> str:
    texts, cure = [], findings.runs[findings.starts[-1].name][0]
    for name, runs in findings.runs.items():
        dead = [run for run in runs if run.died_in_training]
        if dead:
            spread, layer = dead[0].after.spread, dead[0].after.lost_at
            texts.append(
                f"{name}, {len(dead)} of {len(runs)} runs: before training the images reach the logits "
                f"(spread {dead[0].before.spread[-1]:.2g}); after it they get lost in layer {layer} (spread "
                f"{spread[layer or 0]:.1g}). At the start, the gradient at the first convolution is "
                f"{dead[0].before.gradient[0]:.2g} there, {cure.before.gradient[0]:.2g} with {cure.start}."
            )
    if not texts:
        return ""
    return (
        f"**And a third: too large a step.** {' '.join(texts)} Large gradients make large steps; after one "
        "too many, units are stuck where their activation function is flat (a ReLU whose input is negative "
        "for every image gets no gradient)."
    )


def _condition(findings: Findings) -> str:
    cure = findings.starts[-1].name
    runs = findings.runs[cure]
    anatomy = runs[0].before
    text = (
        "Choose the weights' variance so that neither factor is far from 1: fan_in · var(W) = 1 for the "
        "activations, fan_out · var(W) = 1 for the gradients, hence Glorot's var(W) = 2 / (fan_in + "
        "fan_out) (Glorot and Bengio 2010); the fan of a convolution counts the kernel's area. ReLU takes "
        f"half, so He et al. 2015 double it. {cure} gives {per_layer(anatomy.spread):.2g} per layer here, "
        f"and logits of spread {anatomy.spread[-1]:.2g}."
    )
    if all(run.learned for run in runs):
        return text
    best = max((run for runs in findings.runs.values() for run in runs), key=lambda run: run.accuracy[-1])
    slope = SLOPES[findings.options.activation]
    return (
        f"{text} That was not enough: {findings.options.activation} lets {slope:.2g} of the spread through, "
        f"and Glorot's formula knows nothing of it. The best run here, of {best.start} weights, has "
        f"{per_layer(best.before.spread):.2g} per layer and gets {best.accuracy[-1]:.1%} right."
    )


def _range(values: Any) -> str:
    numbers = list(values)
    low, high = f"{min(numbers):.1%}", f"{max(numbers):.1%}"
    return low if low == high else f"{low} to {high}"


def _steps(steps: list[int]) -> str:
    return str(steps[0]) if len(set(steps)) == 1 else f"{min(steps)} to {max(steps)}"
