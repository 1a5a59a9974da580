"""The picture: gradients over time and depth before training, then what training makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..pictures import GRAY, in_percent, new_figure, save_figure, tidy
from .findings import CHANCE, Findings, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMOOTH = 10  # steps that a curve of training is averaged over


def picture(findings: Findings, path: Path) -> None:
    """Gradients over time and over depth, and in training: their length, the loss, what is learned."""
    learned = sum(run.learned for run in findings.runs)
    title = f"The answer stands {findings.options.length - 1} steps before the question: {learned} of "
    figure = new_figure(14, 8, f"{title}{len(findings.runs)} networks learn it")
    (time, depth), (norm, loss, right) = _panels(figure)
    for run in findings.ways_to_begin:
        _time(time, run)
        _depth(depth, run)
    for axes in (time, depth):
        axes.set_yscale("log")
    tidy(
        time,
        "Before training: ∂L/∂h[t] of the lowest layer (dotted: the fitted rate)",
        xlabel="time step; the answer stands at 0, the loss at the end",
        ylabel="norm",
    )
    time.legend(fontsize=8)
    tidy(depth, "Before training: the gradient that arrives at each layer", ylabel="norm")
    for run in findings.runs:
        _curve(norm, run.norm, run, raw=True)
        _curve(loss, run.loss, run)
    norm.set_yscale("log")
    norm.axhline(findings.options.clip, color=GRAY, linewidth=0.9)
    norm.annotate("clipped to", (0, findings.options.clip), (2, 3), textcoords="offset points", fontsize=7)
    tidy(norm, "In training: the gradient's length, before clipping", xlabel="step")
    loss.axhline(np.log(1 / CHANCE), color=GRAY, linewidth=0.9)
    loss.set_ylim(0, 2.5 * np.log(1 / CHANCE))
    tidy(loss, "Loss (dashed: not clipped; gray: guessing)", xlabel="step", ylabel="nats")
    _accuracy(right, findings)
    save_figure(figure, path)


def _panels(figure: Any) -> Any:
    above, below = figure.subfigures(2, 1)
    return above.subplots(1, 2, width_ratios=[3, 2]), below.subplots(1, 3)


def _time(axes: Axes, run: Run) -> None:
    norms = np.array(run.bottom.norms)
    color, name = run.variant.color, run.variant.name.removesuffix(", clipped")
    axes.plot(
        np.where(norms > 0, norms, np.nan), color=color, linewidth=1.8, label=f"{name}: × {run.rate:.2f}"
    )
    known = np.flatnonzero((norms > 0) & np.isfinite(norms))
    if len(known):
        logs = np.log(norms[known])
        axes.plot(known, np.exp(logs.mean() - np.log(run.rate) * (known - known.mean())), ":", color=color)


def _depth(axes: Axes, run: Run) -> None:
    layers = run.before.layers
    arriving = [np.nan if layer.arriving is None else layer.arriving for layer in layers]
    axes.plot(arriving, "o-", color=run.variant.color)
    names = ["embedding", *(f"recurrent {i + 1}" for i in range(len(layers) - 2)), "logits"]
    axes.set_xticks(range(len(names)), names)


def _curve(axes: Axes, values: list[float], run: Run, raw: bool = False) -> None:
    window = min(SMOOTH, len(values))
    with np.errstate(all="ignore"):
        smooth = np.convolve(values, np.ones(window) / window, "valid")
    style = "-" if run.variant.clipped else "--"
    if raw:
        axes.plot(values, color=run.variant.color, linewidth=0.4, alpha=0.35)
    axes.plot(np.arange(window - 1, len(values)), smooth, style, color=run.variant.color, linewidth=1.6)


def _accuracy(axes: Axes, findings: Findings) -> None:
    for row, run in enumerate(findings.runs):
        bar = axes.barh(row, run.accuracy, color=run.variant.color, edgecolor=run.variant.color)[0]
        if not run.variant.clipped:
            bar.set(fill=False, hatch="//")
    axes.set_yticks(range(len(findings.runs)), [run.variant.name for run in findings.runs])
    axes.invert_yaxis()
    axes.axvline(CHANCE, color=GRAY, linewidth=0.9)
    axes.set_xlim(0, 1)
    in_percent(axes.xaxis)
    tidy(axes, "Answers right in the end (gray: guessing)")
