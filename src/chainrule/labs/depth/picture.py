"""The picture: what comes back and what comes through before training, and what is learned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..lessons import LEARNED
from ..pictures import GRAY, new_figure, save_figure, tidy
from .findings import Findings
from .network import Way, ways

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMOOTH = 10  # steps that a curve of training is averaged over


def picture(findings: Findings, path: Path) -> None:
    """Gradients and differences by layer, gradients by depth, the loss, and a table of what was learned."""
    options = findings.options
    rows = ways(options)
    counts = [sum(len(findings.learned_at(way.key, w)) for w in (False, True)) for way in rows]
    said = ", ".join(f"{way.name} {count}" for way, count in zip(rows, counts, strict=True))
    title = f"Reversing a sequence: of {2 * len(options.layers)} networks each, so many learned: {said}"
    figure = new_figure(14, 8.4, title)
    above, below = cast(Any, figure.subfigures(2, 1))
    arriving, depth, differ = above.subplots(1, 3, width_ratios=[4, 3, 4])
    shown = options.layers[-2:]
    *losses, table = below.subplots(1, len(shown) + 1, width_ratios=[*(3 for _ in shown), 5])
    _by_layer(arriving, differ, findings, rows)
    _by_depth(depth, findings, rows)
    for axes, layers in zip(losses, shown, strict=True):
        _loss(axes, findings, rows, layers)
    _table(table, findings, rows)
    save_figure(figure, path)


def _by_layer(arriving: Axes, differ: Axes, findings: Findings, rows: list[Way]) -> None:
    deepest = findings.options.layers[-1]
    for way in rows:
        look = findings.look(way.key)
        for axes, values in ((arriving, look.norms), (differ, look.differ)):
            axes.plot(values, "o-", color=way.color, markersize=4, label=way.name)
    for axes in (arriving, differ):
        axes.set_yscale("log")
        axes.locator_params(axis="x", integer=True)
    arriving.legend(fontsize=8, loc="lower right")
    tidy(
        arriving,
        f"Backward: the gradient that arrives, {deepest} layers",
        "output of layer (0: embedding); the loss is on the right",
        "norm",
    )
    tidy(
        differ,
        f"Forward: how much positions differ, {deepest} layers",
        "output of layer (0: embedding)",
        "share of their length",
    )


def _by_depth(axes: Axes, findings: Findings, rows: list[Way]) -> None:
    layers = findings.options.layers
    for way in rows:
        left = [findings.look(way.key, depth).left for depth in layers]
        axes.plot(layers, left, "o-", color=way.color, markersize=5)
    axes.axhline(1, color=GRAY, linewidth=0.9)
    axes.set_yscale("log")
    axes.set_xticks(layers, [str(depth) for depth in layers])
    tidy(
        axes, "Backward: what is left at the embedding", "layers of the network", "share of the last layer's"
    )


def _loss(axes: Axes, findings: Findings, rows: list[Way], depth: int) -> None:
    for way in rows:
        for warm_up, style in ((False, "-"), (True, "--")):
            values = findings.run(way.key, depth, warm_up).lesson.loss
            window = min(SMOOTH, len(values))
            smooth = np.convolve(values, np.ones(window) / window, "valid")
            axes.plot(np.arange(window, len(values) + 1), smooth, style, color=way.color, linewidth=1.5)
    guessing = float(np.log(findings.options.symbols))
    axes.axhline(guessing, color=GRAY, linewidth=0.9)
    axes.set_ylim(0, 1.35 * guessing)
    tidy(axes, f"Loss, {depth} layers (dashed: with warm-up)", "step", "nats")


def _table(axes: Axes, findings: Findings, rows: list[Way]) -> None:
    """Symbols right in the end, a cell per network; those that learned are filled."""
    from matplotlib.patches import Rectangle

    layers = findings.options.layers
    for row, way in enumerate(rows):
        for column, depth in enumerate(layers):
            for warm_up in (False, True):
                run = findings.run(way.key, depth, warm_up)
                x = column + len(layers) * warm_up + 0.4 * warm_up
                filled = way.color if run.lesson.learned else "none"
                axes.add_patch(
                    Rectangle((x - 0.46, row - 0.42), 0.92, 0.84, facecolor=filled, edgecolor=way.color)
                )
                color = "white" if run.lesson.learned else way.color
                axes.text(x, row, f"{run.accuracy:.0%}", ha="center", va="center", fontsize=9, color=color)
    second = len(layers) + 0.4
    axes.set_xlim(-0.6, second + len(layers) - 0.4)
    axes.set_ylim(len(rows) - 0.4, -0.9)
    for left, heading in ((-0.46, "without warm-up"), (second - 0.46, "with warm-up")):
        axes.text(left, -0.55, heading, fontsize=9, color=GRAY)
    places = [*range(len(layers)), *(second + i for i in range(len(layers)))]
    axes.set_xticks(places, [str(depth) for depth in layers] * 2)
    axes.set_yticks(range(len(rows)), [way.name for way in rows])
    tidy(
        axes,
        f"Symbols right in the end (filled: more than {LEARNED:.0%})",
        "layers of the network",
    )
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
