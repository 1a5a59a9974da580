"""The answer in plain words, composed of what was measured."""

from __future__ import annotations

import math

import numpy as np

from .findings import Findings
from .variants import BATCH, EPOCH, NONE, ONCE, SAMPLE, VARIANTS, Variant


def answer(findings: Findings) -> str:
    """What was found, in Markdown."""
    return "\n\n".join(
        [
            "**Anew at every forward, and for every sample of the batch by itself** (Srivastava et al. "
            "2014, section 5.1): so says the definition, and so does `layers.Dropout`. "
            f"{headline(findings)}. {_rivals(findings)}",
            _table(findings),
            _helps(findings),
            _once(findings),
            f"**Once per epoch, for all samples.** {_against_sample(findings, EPOCH)}",
            f"**Once per batch, for all samples.** {_against_sample(findings, BATCH)}",
            _evaluation(findings),
            "**Try** `--set wrong=0` (do five ways still differ?), `--set p=0.2`, `--set width=64`, `--set "
            "images=1000`.",
        ]
    )


def headline(findings: Findings) -> str:
    sample, once = (findings.final(variant, "test_accuracy").mean() for variant in (SAMPLE, ONCE))
    return (
        f"A mask for every sample at every forward: {sample:.0%} of the test images right; one mask for the "
        f"whole training: {once:.0%}"
    )


def _rivals(findings: Findings) -> str:
    """Is any way better than one mask for every sample?"""
    others = [variant for variant in VARIANTS if variant is not SAMPLE]
    shown = {v.name: findings.difference(v)[0] > 0 for v in others if _compare(findings, v, SAMPLE)[1]}
    better, worse = (
        [name for name, is_better in shown.items() if is_better is sign] for sign in (True, False)
    )
    unclear = [variant.name for variant in others if variant.name not in shown]
    parts = ((better, "better than that"), (worse, "worse"), (unclear, "these runs cannot tell it from that"))
    return " ".join(f"{', '.join(names).capitalize()}: {verdict}." for names, verdict in parts if names)


def _table(findings: Findings) -> str:
    rows = [
        "| a new mask | training images, training mode | the same, evaluation mode | test images | test loss "
        "| units never trained |",
        "|---|---|---|---|---|---|",
    ]
    for variant in VARIANTS:
        percents = " | ".join(
            _mean(findings, variant, what) for what in ("thinned_accuracy", "train_accuracy", "test_accuracy")
        )
        rows.append(
            f"| {variant.name} | {percents} | {findings.final(variant, 'test_loss').mean():.2f} "
            f"| {_mean(findings, variant, 'never_trained')} |"
        )
    return "\n".join(rows)


def _mean(findings: Findings, variant: Variant, what: str) -> str:
    """The mean over the runs, with the standard deviation if it is worth a digit: 87.5% ± 1.2."""
    values = findings.final(variant, what)
    spread = f" ± {values.std(ddof=1) * 100:.1f}" if values.std() >= 0.0005 else ""
    return f"{values.mean():.1%}{spread}"


def _compare(findings: Findings, variant: Variant, against: Variant) -> tuple[str, bool]:
    """The difference in test accuracy, run by run, in words; and whether it is more than chance."""
    mean, error = findings.difference(variant, against=against)
    shown = abs(mean) > 3 * error
    runs = f"mean and standard error of {findings.options.runs} pairs of runs"
    return f"{mean * 100:+.1f} ± {error * 100:.1f} points ({runs})", shown


def _helps(findings: Findings) -> str:
    points, shown = _compare(findings, SAMPLE, NONE)
    better = findings.difference(SAMPLE, against=NONE)[0] > 0
    verdict = "It makes no difference that these runs could show"
    if shown:
        verdict = "It helps" if better else "It does harm"
    return (
        f"**What dropout does here.** {verdict}: {points} of test accuracy against none. "
        f"{findings.options.images} images, {findings.options.wrong:.0%} of them with a wrong label: "
        f"without dropout the network gets {_mean(findings, NONE, 'train_accuracy')} of these right, "
        f"mistakes included; with it, {_mean(findings, SAMPLE, 'train_accuracy')}."
    )


def _once(findings: Findings) -> str:
    masked, whole = (findings.final(ONCE, what).mean() for what in ("masked_test_accuracy", "test_accuracy"))
    text = (
        "**Once for the whole training.** That is a smaller network: "
        f"{_mean(findings, ONCE, 'never_trained')} of the hidden units never moved (not one of their "
        f"weights, in or out, changed). With its mask it gets {masked:.1%} of the test images right; no "
        f"dropout at all: {_mean(findings, NONE, 'test_accuracy')}. "
    )
    if whole < masked - 0.05:
        return text + (
            f"**At evaluation all units take part, and it gets {whole:.1%}**: those that never learned "
            "anything join in with the weights they began with, and the trained ones lose the factor "
            f"{1 / (1 - findings.options.p):.3g} that they had learned with."
        )
    return text + f"At evaluation, with all units, it gets {whole:.1%}: here they did little harm."


def _against_sample(findings: Findings, variant: Variant) -> str:
    points, shown = _compare(findings, variant, SAMPLE)
    low, high = (f(findings.final(variant, "test_accuracy")) for f in (np.min, np.max))
    sample_low, sample_high = (f(findings.final(SAMPLE, "test_accuracy")) for f in (np.min, np.max))
    verdict = (
        f"{'Better' if findings.difference(variant)[0] > 0 else 'Worse'} than one for every sample: {points}"
        if shown
        else f"No difference from one for every sample that these runs could show: {points}"
    )
    loss = findings.final(variant, "thinned_loss").mean()
    steps = math.ceil(findings.options.images / findings.options.batch_size)
    masks = findings.options.epochs * (1 if variant is EPOCH else steps)
    return (
        f"{verdict}. From {low:.1%} to {high:.1%} over the runs (every sample: {sample_low:.1%} to "
        f"{sample_high:.1%}). {masks:,} masks in all, where every sample has its own: "
        f"{findings.options.epochs * findings.options.images:,}; loss in training mode {loss:.2f} (every "
        f"sample: {findings.final(SAMPLE, 'thinned_loss').mean():.2f})."
    )


def _evaluation(findings: Findings) -> str:
    average, p = findings.average, findings.options.p
    errors = ", ".join(f"{e:.3f} (K = {k})" for k, e in zip(average.masks, average.error, strict=True))
    return (
        f"**Why evaluation may use all units.** A mask is 0 or 1 / (1 - p) = {1 / (1 - p):.3g}, so its mean "
        f"is 1. Counted: under {average.masks[-1]} masks a hidden layer's mean is {average.ratio:.4f} of "
        f"its mean without; unit by unit, the average over K masks is off by {errors} of the units' own "
        f"size; theory, √(p / (1 - p) / K): {math.sqrt(p / (1 - p) / average.masks[-1]):.3f} in the end. "
        f"With the same mask every time it stays at {average.once_error[-1]:.2f}: nothing averages out."
    )
