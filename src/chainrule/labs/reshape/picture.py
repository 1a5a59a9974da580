"""The picture: whose numbers go where, whose gradients come back, what is learned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.functions.arrays import Array

from ..pictures import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    in_percent,
    new_figure,
    save_figure,
    tidy,
)
from .answer import headline, wording
from .findings import Findings
from .network import WAYS, How

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

PALETTE = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, "#F0E442", "#777777")  # one color per sample
CURVES = {"transpose": GREEN, "reshape": VERMILION}


def picture(findings: Findings, path: Path) -> None:
    """The state and its two readings, who moves whose loss, and the accuracy over the epochs."""
    figure = new_figure(14, 8, headline(findings))
    above, below = figure.subplots(2, 3)
    example = findings.example
    units, batch = example.columns.shape
    _grid(above[0], example.columns, np.broadcast_to(np.arange(batch), (units, batch)), above[0].xaxis)
    tidy(above[0], f"state: a column per sample (hidden {units}, batch {batch})", "sample", "unit")
    for axes, how in zip(above[1:], WAYS, strict=True):
        _grid(axes, example.rows[how], example.owner[how], axes.yaxis)
        tidy(axes, f"{wording(how)}: {example.own(how):.0%} of a row is its own", "unit", "row of sample")
    for axes in above:
        axes.grid(False)
    for axes, how in zip(below[:2], WAYS, strict=True):
        _influence(axes, findings, how)
    for how in WAYS:
        run = findings.runs[how]
        epochs = range(1, len(run.accuracy) + 1)
        below[2].plot(epochs, run.accuracy, "o-", color=CURVES[how], label=wording(how))
    below[2].set_ylim(0, 1.03)
    in_percent(below[2].yaxis)
    below[2].locator_params(axis="x", integer=True)
    below[2].legend(fontsize=8)
    tidy(below[2], f"{findings.test_images} test images: right", xlabel="epoch")
    save_figure(figure, path)


def _grid(axes: Axes, values: Array, owner: Array, samples: Axis) -> None:
    """Every number in the color of its sample; `samples` is the axis that the samples stand on."""
    for (row, column), value in np.ndenumerate(values):
        color = PALETTE[int(owner[row, column])]
        axes.add_patch(_square(column, row, color))
        name = _name(int(owner[row, column]))
        axes.text(column, row, f"{value}\n{name}", ha="center", va="center", fontsize=11, color="white")
    axes.set_xlim(-0.5, values.shape[1] - 0.5)
    axes.set_ylim(values.shape[0] - 0.5, -0.5)
    axes.set_aspect("equal")
    for axis, count in ((axes.xaxis, values.shape[1]), (axes.yaxis, values.shape[0])):
        axis.set_ticks(range(count), [_name(i) if axis is samples else str(i) for i in range(count)])


def _name(sample: int) -> str:
    return chr(ord("A") + sample)


def _square(x: float, y: float, color: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, color=color)


def _influence(axes: Axes, findings: Findings, how: How) -> None:
    influence = findings.runs[how].influence
    axes.imshow(influence, cmap="Blues", vmin=0)
    for (i, j), value in np.ndenumerate(influence):
        color = "white" if value > influence.max() / 2 else "black"
        axes.text(
            j, i, "0" if value == 0 else f"{value:.2f}", ha="center", va="center", fontsize=8, color=color
        )
    tidy(axes, f"{wording(how)}: ‖∂(loss of i) / ∂(input of j)‖", "input of sample j", "loss of sample i")
    axes.grid(False)
