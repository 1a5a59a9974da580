"""The picture: test error against training steps, a panel for each length."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..pictures import GRAY, new_figure, save_figure, tidy
from .answer import headline
from .findings import SOLVED, Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def picture(findings: Findings, path: Path) -> None:
    """Test error on a logarithmic axis, with the error of always saying 1."""
    times = findings.options.times
    figure = new_figure(max(8.5, 5 * len(times)), 4.8, headline(findings))
    for axes, time in zip(figure.subplots(1, len(times), squeeze=False)[0], times, strict=True):
        _errors(axes, findings, time)
    save_figure(figure, path)


def _errors(axes: Axes, findings: Findings, time: int) -> None:
    for run in findings.of(time):
        axes.plot(run.steps, run.errors, color=run.cell.color, linewidth=1.8, label=run.cell.name)
    right = findings.options.steps
    for level, text in ((findings.of(time)[0].guess, "always saying 1"), (SOLVED, "solved")):
        axes.axhline(level, color=GRAY, linewidth=0.9, linestyle="--")
        axes.annotate(
            text, (right, level), (0, 3), textcoords="offset points", ha="right", fontsize=8, color=GRAY
        )
    axes.set_yscale("log")
    axes.legend(fontsize=8, loc="lower right")
    tidy(
        axes,
        f"The adding problem, {time} steps",
        xlabel="training steps",
        ylabel="mean squared error on test sequences",
    )
