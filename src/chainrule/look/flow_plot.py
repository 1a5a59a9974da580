"""A gradient flow as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .flow import GradientFlow, TimeFlow

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot(flow: GradientFlow, path: str | Path) -> None:
    """Over time (if there is time in it) and over depth."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plot needs the package matplotlib: pip install 'chainrule[train]'") from error
    figure = Figure(figsize=(12 if flow.times else 7, 4.6), dpi=100, layout="constrained")
    figure.suptitle(f"{flow.name}: {flow.sentence}", fontsize=11, fontweight="bold")
    *time, depth = figure.subplots(1, 2 if flow.times else 1, squeeze=False)[0]
    for axes in time:
        for row in flow.times:
            _over_time(axes, row)
        axes.locator_params(axis="x", integer=True)
        _finish(axes, "time step", "gradient's norm at each step")
    _over_depth(depth, flow)
    _finish(depth, "", "gradient's norm at each layer" + _radii(flow))
    figure.savefig(path, format=Path(path).suffix.lstrip(".") or "png")


def _over_time(axes: Axes, row: TimeFlow) -> None:
    norms = _drawable(row.norms)
    symbol = {"state": "h", "input": "x", "output": "y"}[row.of]
    rate = "" if row.growth is None else f", × {row.growth.rate:.3g} per step"
    (line,) = axes.plot(norms, label=f"{row.path or row.kind}: ∂L/∂{symbol}[t]{rate}", linewidth=1.8)
    known = np.flatnonzero(np.isfinite(norms))
    if row.growth is not None and len(known):  # the fitted slope, through the curve's middle
        steps, logs = known, np.log(np.asarray(norms)[known])
        fitted = logs.mean() - np.log(row.growth.rate) * (steps - steps.mean())
        axes.plot(steps, np.exp(fitted), ":", color=line.get_color(), linewidth=1.2)


def _over_depth(axes: Axes, flow: GradientFlow) -> None:
    for what, label, marker in (
        ("arriving", "∂L/∂y, arrives at its output", "o-"),
        ("weights", "∂L/∂w, of its weights", "s"),
    ):
        axes.plot(_drawable([getattr(layer, what) for layer in flow.layers]), marker, label=label)
    names = [layer.path or layer.kind for layer in flow.layers]
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize=8)


def _drawable(values: object) -> list[float]:
    """A logarithmic axis has no place for 0: it stays a gap."""
    numbers = [np.nan if value is None else float(value) for value in values]  # type: ignore[attr-defined]
    return [value if 0 < value < np.inf else np.nan for value in numbers]


def _radii(flow: GradientFlow) -> str:
    if not flow.recurrent:
        return ""
    radii = [matrix.radius for matrix in flow.recurrent]
    low, high = f"{min(radii):.2f}", f"{max(radii):.2f}"
    return f"\nspectral radius of recurrent weights {low if low == high else f'{low} to {high}'}"


def _finish(axes: Axes, xlabel: str, title: str) -> None:
    axes.set_yscale("log")
    axes.set_xlabel(xlabel, fontsize=9)
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8)
