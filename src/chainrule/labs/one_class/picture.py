"""The picture: what is predicted, what is learned, and where the images get lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..pictures import GRAY, in_percent, new_figure, save_figure, tidy
from .findings import Findings
from .network import Start

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLOOR = 1e-12  # smaller spreads, 0 among them, are drawn here


def picture(findings: Findings, path: Path) -> None:
    """How often one class is predicted, what is learned, and where the images get lost."""
    figure = new_figure(14, 8, _headline(findings))
    (share, accuracy, named), (spread, gradient, after) = figure.subplots(2, 3)
    _over_epochs(share, findings, "share", "Share of the test images that get the most predicted class")
    _over_epochs(accuracy, findings, "accuracy", "Test accuracy")
    _predictions(named, findings)
    layers = ["pixels", *(f"conv {i + 1}" for i in range(findings.options.depth)), "logits"]
    first = {start.name: findings.runs[start.name][0] for start in findings.starts}
    for start in findings.starts:
        before = first[start.name].before
        _by_layer(spread, layers, before.spread, before.predicted_spread, start)
        _by_layer(gradient, layers[1:], before.gradient, before.predicted_gradient, start)
        for run in findings.runs[start.name]:
            _by_layer(after, layers, run.after.spread, None, start)
    tidy(spread, "Before training: by how much images differ (dotted: theory)", ylabel="spread over images")
    tidy(
        gradient,
        "Before training: the gradient that arrives (dotted: theory)",
        ylabel="gradient, root mean square",
    )
    tidy(after, "After training: by how much images differ (all runs)", ylabel="spread over images")
    gone = [name for name, runs in findings.runs.items() if any(run.overflow is not None for run in runs)]
    if gone:
        note = f"not drawn: {', '.join(gone)} (NaN)"
        after.text(0.03, 0.14, note, transform=after.transAxes, fontsize=8, color=GRAY)
    share.legend(fontsize=8, loc="best")
    save_figure(figure, path)


def _headline(findings: Findings) -> str:
    *bad, cure = (findings.runs[start.name] for start in findings.starts)
    stuck, count = sum(run.always_one_class for runs in bad for run in runs), sum(map(len, bad))
    learned = sum(run.learned for run in cure)
    return (
        f"{stuck} of {count} networks with unsuitable initial weights predict one class for everything; "
        f"with {findings.starts[-1].name} weights {learned} of {len(cure)} learn"
    )


def _over_epochs(axes: Axes, findings: Findings, what: str, title: str) -> None:
    for start in findings.starts:
        for i, run in enumerate(findings.runs[start.name]):
            style = {**start.style, "marker": None, "alpha": 0.9}
            axes.plot(getattr(run, what), label=None if i else start.name, **style)
    axes.set_ylim(0, 1.05)
    in_percent(axes.yaxis)
    axes.locator_params(axis="x", integer=True)
    tidy(axes, title, xlabel="epoch")


def _predictions(axes: Axes, findings: Findings) -> None:
    rows = [(start.name, run) for start in findings.starts for run in findings.runs[start.name]]
    counts = np.array([run.predictions for _, run in rows])
    axes.imshow(counts / findings.test_images, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.argwhere(counts):
        color = "white" if counts[row, column] > findings.test_images / 2 else "black"
        axes.text(column, row, counts[row, column], ha="center", va="center", fontsize=7, color=color)
    axes.set_xticks(range(counts.shape[1]))
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    tidy(axes, f"What each network calls the {findings.test_images} test images", xlabel="predicted class")
    axes.grid(False)
    axes.tick_params(axis="y", labelsize=7)


def _by_layer(
    axes: Axes, layers: list[str], measured: list[float], predicted: list[float] | None, start: Start
) -> None:
    style = {**start.style, "linestyle": "-", "linewidth": 1.6, "markersize": 5}
    axes.plot(np.maximum(measured, FLOOR), label=start.name, **style)
    if predicted is not None:
        axes.plot(np.maximum(predicted, FLOOR), ":", color=start.style["color"], linewidth=1.6)
    axes.set_yscale("log")
    axes.set_xticks(range(len(layers)), layers, rotation=30)
    if min(measured) < FLOOR:
        axes.axhline(FLOOR, color=GRAY, linewidth=0.8)
        axes.annotate("0", (0, FLOOR), (0, 3), textcoords="offset points", fontsize=8, color=GRAY)
