"""The picture: accuracy by position, within the trained length and beyond, and what order means to whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..pictures import GRAY, in_percent, new_figure, save_figure, tidy
from .answer import SAME, headline
from .findings import Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALLEST = 1e-17  # what is drawn for 0, on a logarithmic axis


def picture(findings: Findings, path: Path) -> None:
    """A large panel of accuracy by position; the order sense before training; learning."""
    figure = new_figure(14, 8.2, headline(findings))
    left, right = cast(Any, figure.subfigures(1, 2, width_ratios=[3, 2]))
    _by_position(left.subplots(), findings)
    shuffled, learning = right.subplots(2, 1)
    _shuffled(shuffled, findings)
    for run in findings.runs:
        learning.plot(run.lesson.steps, run.lesson.accuracy, color=run.way.color, linewidth=1.8)
    learning.axhline(1 / findings.options.symbols, color=GRAY, linewidth=0.9)
    learning.set_ylim(0, 1.03)
    in_percent(learning.yaxis)
    tidy(learning, f"Learning: right, in sequences of {findings.options.length}", "training step")
    save_figure(figure, path)


def _by_position(axes: Axes, findings: Findings) -> None:
    options = findings.options
    for run in findings.runs:
        accuracy = run.by_position
        axes.plot(np.arange(len(accuracy)), accuracy, color=run.way.color, linewidth=2, label=run.way.name)
    axes.axhline(1 / options.symbols, color=GRAY, linewidth=0.9)
    axes.text(0, 1 / options.symbols - 0.012, "guessing", fontsize=8, color=GRAY, va="top")
    if options.longer > 1:
        axes.axvspan(options.length - 0.5, options.longest - 0.5, color=GRAY, alpha=0.08, linewidth=0)
        axes.text(options.length, 1.045, "beyond the trained length →", fontsize=9, color=GRAY)
    axes.set_xlim(-0.5, options.longest - 0.5)
    axes.set_ylim(0, 1.08)
    in_percent(axes.yaxis)
    axes.legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.07), ncols=len(findings.runs))
    tidy(
        axes,
        f"{options.question.capitalize()}? Right at each position, in sequences of {options.longest}",
        "position",
    )


def _shuffled(axes: Axes, findings: Findings) -> None:
    for row, run in enumerate(findings.runs):
        value = max(run.shuffled, SMALLEST)
        axes.plot([SMALLEST, value], [row, row], color=run.way.color, linewidth=2)
        axes.plot(value, row, "o", color=run.way.color, markersize=8)
    axes.axvline(SAME, color=GRAY, linewidth=0.9, linestyle="--")
    axes.text(SAME / 2, len(findings.runs) - 0.6, "a set", fontsize=8, color=GRAY, ha="right")
    axes.text(SAME * 2, len(findings.runs) - 0.6, "an order", fontsize=8, color=GRAY)
    axes.set_xscale("log")
    axes.set_xlim(SMALLEST, 10)
    axes.set_yticks(range(len(findings.runs)), [run.way.name for run in findings.runs])
    axes.set_ylim(len(findings.runs) - 0.4, -0.6)
    tidy(axes, "Before training: ‖f(shuffled ids) - shuffled f(ids)‖ / ‖f(ids)‖")
