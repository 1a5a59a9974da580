"""Faults of attention that its own backward shares: the softmax over a wrong axis, a mask that comes too
late, and heads that are put together in a wrong order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ...report import Finding
from .exchange import exchanged_whole, varied
from .merged_heads import merged
from .moments import Inside, Moment
from .names import identifiers, own_names, says
from .said import finding
from .scene import Scene
from .weights import Weights, attends, find, follow

# here the softmax is meant to run over what the output keeps: slots compete for inputs, capsules for parents
BY_NAME = r"slot"  # of the layer or of a function; slots of a memory are counted in others
MEANT = (
    r"capsule|routing|coupling|sinkhorn|vlad|cluster|codebook|assign|responsib|mixture|"
    r"expert|co_attention"
)


def attention_faults(scene: Scene) -> Iterator[Finding]:
    """All of them, for one layer's own code. What is not called attention may average with shares of any
    kind; that shares are cut and left so is a fault of all of them.
    """
    named = attends(scene)
    within, found = find(scene)
    met = [w for w in found if w.mixed is not None]
    own = own_names(scene)
    if within is None or says(identifiers(scene) | own, MEANT) or says(own, BY_NAME):
        return
    if not met:
        if named:
            yield from _over_one(scene, within)
        return
    for weights in met:
        wrong = list(_axis(within, weights)) if named else []
        wrong = wrong or list(_masked_late(within, weights))
        if wrong:
            yield from wrong
            return
    if named:
        yield from merged(within, met)


def _axis(within: Inside, weights: Weights) -> Iterator[Finding]:
    """The shares must add up to 1 over what is summed away against the values."""
    scene = within.scene
    over = tuple(a for a in weights.axes if a in weights.kept)
    if not over or not weights.summed or weights.mixed is None:
        return
    rows = weights.p.sum(weights.summed)
    if np.all((np.abs(rows - 1) < 1e-9) | (rows == 0)):
        return  # a row of zeros has nothing to attend to; then other axes may add up by chance
    yield finding(
        "softmax-axis-wrong",
        scene,
        f"the weights {weights.p.shape} add up to 1 over axis {_said(weights.axes)}, which the output "
        "keeps; over"
        f" axis {_said(weights.summed)}, which is summed away against the values, they add up to"
        f" {rows.min():.3g} to {rows.max():.3g}",
        {
            "adds up to 1 over": weights.axes,
            "summed against the values": weights.summed,
            "sums there, from / to": [float(rows.min()), float(rows.max())],
        },
        at=_called_at(within, weights.first),
    )


def _called_at(within: Inside, made: Moment) -> Moment:
    """Where a helper is told the axis, the call of forward that tells it: w = softmax(scores, axis=1)."""
    forward = getattr(within.scene.face.forward_function, "__name__", "")
    if made.site.function == forward:
        return made
    same = (
        m
        for m in within.base
        if m.site.function == forward
        and re.search(r"axis ?=|dim ?=|, -?\d\)", m.site.statement)
        and np.array_equal(m.value, made.value)
    )
    return next(same, made)


def _over_one(scene: Scene, within: Inside) -> Iterator[Finding]:
    """A softmax over an axis of length 1: every weight is 1, whatever the input; values are just added."""
    others = [exchanged_whole(scene.inputs[i], scene.rng) for i in scene.data()]
    if any(other is None for other in others):
        return
    new = dict(zip(scene.data(), others, strict=True))
    again = {m.key: m.value for m in within.watch([new.get(i, v) for i, v in enumerate(scene.inputs)])[0]}
    for order, moment in enumerate(within.base):
        p = moment.value
        if p.ndim < 2 or p.size < 4 or 1 not in p.shape or not np.all(p == 1):
            continue
        if not np.array_equal(again.get(moment.key, p), p) or not says(
            {moment.site.statement}, r"softmax|exp"
        ):
            continue
        weights = follow(within, Weights(p, (p.shape.index(1),), {moment.key}, moment, order))
        if weights.mixed is not None and weights.summed:
            yield finding(
                "softmax-axis-wrong",
                scene,
                f"every weight is 1, whatever the input: the softmax runs over an axis of length 1 of "
                f"{p.shape}; axis {_said(weights.summed)}, which is summed away against the "
                "values, is not normalized",
                {"weights": p.shape, "summed against the values": weights.summed, "each weight": 1.0},
                at=moment,
            )
            return


def _masked_late(within: Inside, weights: Weights) -> Iterator[Finding]:
    """Some weights are set to 0 after the softmax, and what is left no longer adds up to 1."""
    used = weights.used
    if used is None or used is weights.first or used.value.shape != weights.p.shape:
        return
    p, w = weights.p, used.value
    gone = (w == 0) & (p > 0)
    rows = w.sum(weights.axes)
    lost = (rows > 1e-12) & (rows < 1 - 1e-6)
    if not gone.any() or not lost.any() or not np.allclose(w[~gone], p[~gone], rtol=1e-9, atol=0):
        return
    if _drawn_or_chosen(within, used, gone):
        return
    begins = next(m for m in within.base if m.value.shape == w.shape and np.array_equal(m.value, w))
    yield finding(
        "softmax-axis-wrong",
        within.scene,
        f"after the softmax {int(gone.sum())} of {p.size} weights are set to 0, always the same ones; "
        "the rows then add"
        f" up to as little as {rows[lost].min():.3g} instead of 1",
        {"weights set to 0 afterwards": int(gone.sum()), "least sum of a row": float(rows[lost].min())},
        at=begins,
    )


def _drawn_or_chosen(within: Inside, used: Moment, gone: np.ndarray) -> bool:
    """Whether the zeros depend on random numbers (dropout) or on the data (the k largest): no mask then."""
    scene = within.scene
    for index in scene.data():
        value = scene.inputs[index]
        if value.dtype.kind != "f":
            continue
        for axis in range(value.ndim):
            other = varied(value, axis, 0, scene.rng)
            moments = within.watch(scene.replaced(index, other))[0] if other is not None else []
            same = next((m for m in moments if m.key == used.key), None)
            if same is not None and not np.array_equal(same.value == 0, used.value == 0):
                return True
    again = next((m for m in within.watch(draw=1)[0] if m.key == used.key), None)
    return again is None or not np.array_equal(again.value == 0, used.value == 0)


def _said(axes: tuple[int, ...]) -> str:
    return " and ".join(map(str, axes))
