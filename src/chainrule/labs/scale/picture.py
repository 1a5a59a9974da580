"""The picture: scores, choice and gradient by d_k, then what is learned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..pictures import BLUE, GRAY, ORANGE, PURPLE, SKY, VERMILION, in_percent, new_figure, save_figure, tidy
from .answer import headline, other
from .findings import Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = {True: BLUE, False: VERMILION}
SIZES = (SKY, BLUE, PURPLE, ORANGE, VERMILION)  # one color per d_k, over and over


def picture(findings: Findings, path: Path) -> None:
    """Three panels of the formula, and a panel of learning with the scale and one without."""
    figure = new_figure(14, 8.2, headline(findings))
    above, below = cast(Any, figure.subfigures(2, 1))
    spread, seen, gradient = above.subplots(1, 3)
    for scaled in (True, False):
        row = findings.choices[scaled]
        sizes = [choice.d_k for choice in row]
        style = {"color": COLORS[scaled], "label": "1/√d_k" if scaled else other(findings)}
        spread.plot(sizes, [choice.spread for choice in row], "o", **style)
        spread.plot(sizes, [choice.expected for choice in row], color=COLORS[scaled], linewidth=1)
        seen.plot(sizes, [choice.seen for choice in row], "o-", **style)
        gradient.plot(sizes, [choice.gradient for choice in row], "o-", **style)
    for axes in (spread, seen, gradient):
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, [str(size) for size in sizes])
    for axes in (spread, gradient):
        axes.set_yscale("log")
    seen.set_ylim(0, findings.options.keys)
    spread.legend(fontsize=8)
    tidy(spread, "Random q and k: the scores' spread (lines: the formula)", "d_k", "standard deviation")
    tidy(seen, "... how many keys are looked at", "d_k", f"e to the entropy, of {findings.options.keys}")
    tidy(gradient, "... what the softmax lets through, backward", "d_k", "‖dscores‖ / ‖dweights‖, median")
    panels = below.subplots(1, 3)
    for axes, scaled in zip(panels, (True, False), strict=False):
        _curves(axes, findings, scaled)
    _spreads(panels[2], findings)
    save_figure(figure, path)


def _curves(axes: Axes, findings: Findings, scaled: bool) -> None:
    for number, d_k in enumerate(findings.options.sizes):
        lesson = findings.run(d_k, scaled).lesson
        axes.plot(
            lesson.steps, lesson.accuracy, color=SIZES[number % len(SIZES)], linewidth=1.8, label=f"d_k {d_k}"
        )
    axes.axhline(1 / findings.options.symbols, color=GRAY, linewidth=0.9)
    axes.set_xlim(0, findings.options.steps)
    axes.set_ylim(0, 1.03)
    in_percent(axes.yaxis)
    axes.legend(fontsize=8)
    tidy(
        axes,
        f"Learning {'with 1/√d_k' if scaled else other(findings)}: symbols right (gray: guessing)",
        "training step (a curve ends when all is learned)",
    )


def _spreads(axes: Axes, findings: Findings) -> None:
    """From before training to after it."""
    for run in findings.runs:
        color, x = COLORS[run.scaled], run.d_k * (0.92 if run.scaled else 1.08)  # side by side
        axes.plot([x, x], [run.spread, run.spread_after], color=color, linewidth=1.4)
        axes.plot(x, run.spread, "o", color="white", markeredgecolor=color)
        axes.plot(x, run.spread_after, "o" if run.lesson.learned else "X", color=color, markersize=8)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    sizes = findings.options.sizes
    axes.set_xticks(sizes, [str(size) for size in sizes])
    tidy(
        axes,
        "The scores' spread: ○ before, ● after training",
        "d_k (✖: not learned)",
        "standard deviation",
    )
