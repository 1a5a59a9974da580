"""The picture: curves, training against evaluation, units that never learned, the mean of masks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..pictures import GRAY, GREEN, PURPLE, VERMILION, in_percent, new_figure, save_figure, tidy
from .answer import headline
from .findings import Findings
from .variants import ONCE, VARIANTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def picture(findings: Findings, path: Path) -> None:
    """Learning curves, training against evaluation mode, units that never learned, the mean of masks."""
    figure = new_figure(14, 8, headline(findings))
    (accuracy, loss, modes), (final, units, means) = figure.subplots(2, 3)
    _curve(accuracy, findings, "accuracy")
    accuracy.set_ylim(0, 1.03)
    in_percent(accuracy.yaxis)
    tidy(accuracy, "Accuracy: test images (thin dashes: training images)", xlabel="epoch")
    accuracy.legend(fontsize=8, title="a new mask for", title_fontsize=8, loc="lower right")
    _curve(loss, findings, "loss")
    loss.set_yscale("log")
    tidy(loss, "Loss: test images (thin dashes: training images)", xlabel="epoch", ylabel="nats")
    _modes(modes, findings)
    _final(final, findings)
    _units(units, findings)
    _means(means, findings)
    save_figure(figure, path)


def _curve(axes: Axes, findings: Findings, what: str) -> None:
    epochs = np.arange(1, findings.options.epochs + 1)
    for variant in VARIANTS:
        runs = findings.runs[variant.name]
        test = np.array([getattr(run, f"test_{what}") for run in runs])
        train = np.array([getattr(run, f"train_{what}") for run in runs])
        axes.fill_between(epochs, test.min(0), test.max(0), color=variant.color, alpha=0.12, linewidth=0)
        axes.plot(epochs, test.mean(0), color=variant.color, linewidth=1.8, label=variant.name)
        axes.plot(epochs, train.mean(0), "--", color=variant.color, linewidth=0.9)


def _rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    in_percent(axes.xaxis)


def _modes(axes: Axes, findings: Findings) -> None:
    for row, variant in enumerate(VARIANTS):
        thinned, whole = (
            findings.final(variant, what).mean() for what in ("thinned_accuracy", "train_accuracy")
        )
        axes.plot([thinned, whole], [row, row], color=variant.color, linewidth=2.5, alpha=0.5)
        axes.plot(
            thinned, row, "o", color="white", markeredgecolor=variant.color, markeredgewidth=2, markersize=9
        )
        axes.plot(whole, row, "o", color=variant.color, markersize=9)
    _rows(axes, [variant.name for variant in VARIANTS])
    tidy(axes, "Training images: with masks (hollow), without (full)", xlabel="accuracy")


def _final(axes: Axes, findings: Findings) -> None:
    rows = [(v.name, v.color, findings.final(v, "test_accuracy")) for v in VARIANTS]
    rows.append(("once,\nwith its mask", PURPLE, findings.final(ONCE, "masked_test_accuracy")))
    for row, (_, color, values) in enumerate(rows):
        axes.plot(values, [row] * len(values), "o", color=color, alpha=0.55, markersize=6)
        axes.plot(values.mean(), row, "|", color=color, markersize=24, markeredgewidth=2.5)
        axes.annotate(
            f"{values.mean():.1%}",
            (values.mean(), row),
            (0, 13),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    _rows(axes, [name for name, _, _ in rows])
    tidy(axes, "Test images in the end: every run, and the mean", xlabel="accuracy")


def _units(axes: Axes, findings: Findings) -> None:
    for variant in VARIANTS:
        moved = np.sort(np.concatenate([run.moved for run in findings.runs[variant.name]]))
        axes.plot(np.linspace(0, 1, len(moved)), moved, color=variant.color, linewidth=2)
    still = findings.final(ONCE, "never_trained").mean()
    axes.annotate(
        f"drawn once: {still:.0%} of the units\nnever moved at all",
        (still * 0.5, 0), (0, 14), textcoords="offset points",
        ha="center", fontsize=8, color=VERMILION, arrowprops={"arrowstyle": "->", "color": VERMILION},
    )  # fmt: skip
    in_percent(axes.xaxis)
    tidy(
        axes,
        "How far a hidden unit's weights moved",
        xlabel="hidden units, sorted",
        ylabel="length of the change",
    )


def _means(axes: Axes, findings: Findings) -> None:
    average, p = findings.average, findings.options.p
    axes.loglog(average.masks, average.error, "o-", color=GREEN, label="a new mask each time")
    axes.loglog(average.masks, average.once_error, "^-", color=VERMILION, label="always the same mask")
    theory = [math.sqrt(p / (1 - p) / k) for k in average.masks]
    axes.loglog(average.masks, theory, ":", color=GRAY, linewidth=2.5, label="theory: √(p / (1 - p) / K)")
    axes.legend(fontsize=8, loc="lower left")
    tidy(axes, "Mean over K masks against evaluation: E[mask] = 1", xlabel="masks K", ylabel="relative error")
