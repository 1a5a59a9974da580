"""What the labs' pictures have in common: colors that the color-blind can tell apart, how they are saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.training.files import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Okabe and Ito 2008, "Color universal design"
BLUE, ORANGE, GREEN, VERMILION, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7"
SKY, BLACK, GRAY = "#56B4E9", "#000000", "#777777"


def new_figure(width: float, height: float, title: str) -> Figure:
    """A figure with a title that states the finding."""
    from chainrule.data.extras import require

    require("matplotlib", "a picture")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=88, layout="constrained")
    figure.suptitle(title, fontsize=13, fontweight="bold")
    return figure


def tidy(axes: Axes, title: str, xlabel: str = "", ylabel: str = "") -> None:
    """Titles and labels, a pale grid, no box around."""
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(xlabel, fontsize=9)
    axes.set_ylabel(ylabel, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def in_percent(axis: Axis) -> None:
    """0.5 is written as 50%."""
    axis.set_major_formatter(lambda value, _: f"{value:.0%}")


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a PNG, all of it or nothing."""
    with atomic(path) as temporary:
        figure.savefig(temporary, format="png")
