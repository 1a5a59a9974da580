"""Are the heads of an attention put together in the order in which they were taken apart?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...case import close
from ...report import Finding
from .exchange import changed, varied
from .moments import Inside, Moment
from .said import finding
from .scene import Scene
from .weights import Weights, exchanged


def merged(within: Inside, met: list[Weights]) -> Iterator[Finding]:
    """Every query is made to look at one known key alone: then each output may depend on that position only.

    The keys are shifted by one, because a split and a merge that are both scrambled hide from a look at
    oneself.
    The control sets the weights to 0: nothing may mix then.
    """
    scene = within.scene
    usable = [w for w in met if len(w.summed) == 1 and _query(w) is not None]
    several = len(usable) > 1 or any(_heads(scene, w) for w in usable)  # in a loop, or along an axis
    if not several or len(usable) != len(met) or _in_a_row(within, usable):
        return
    if len({(w.p.shape[_query(w) or 0], w.p.shape[w.summed[0]]) for w in usable}) > 1:
        return
    queries, keys = usable[0].p.shape[_query(usable[0]) or 0], usable[0].p.shape[usable[0].summed[0]]
    look = [_shifted(w) for w in usable]
    none = [np.zeros_like(w.p) for w in usable]
    for index in scene.data():
        value = scene.inputs[index]
        seen = [
            pattern
            for axis in range(value.ndim)
            if value.shape[axis] == keys
            for pattern in _patterns(within, usable, look, none, index, axis, queries)
        ]
        if not seen or any(pattern.astray is None for pattern in seen):
            continue
        worst = seen[0]
        wrong_query, position = worst.astray or (0, 0)
        yield finding(
            "head-merge-scrambled",
            scene,
            f"every query was made to look at the next position alone; yet position {wrong_query} of "
            "the output also"
            f" depends on position {position} of {scene.names[index]}. With all weights at 0 nothing mixes",
            {
                "output position": wrong_query,
                "depends on position": position,
                "was to look at": (wrong_query + 1) % keys,
            },
            at=_reshaped(within, usable),
        )
        return


def _in_a_row(within: Inside, usable: list[Weights]) -> bool:
    """Whether later weights are computed from what the first ones have mixed, as those of a second layer are:
    it looks further, through the first.
    """
    first, *others = usable
    moved = {m.key: m.value for m in exchanged(within, [first], [_shifted(first)])[0]} if others else {}
    return not all(close(moved.get(w.first.key, np.nan), w.p, tolerance=1e-9) for w in others)


class _Pattern:
    """What one pair of axes shows: the first (output position, input position) that should not be linked."""

    def __init__(self, astray: tuple[int, int] | None) -> None:
        self.astray = astray


def _patterns(
    within: Inside,
    usable: list[Weights],
    look: list[np.ndarray],
    none: list[np.ndarray],
    index: int,
    axis: int,
    queries: int,
) -> Iterator[_Pattern]:
    """One for each output axis as long as there are queries; nothing where the control fails."""
    scene = within.scene
    keys = scene.inputs[index].shape[axis]
    base, control = exchanged(within, usable, look)[1], exchanged(within, usable, none)[1]
    linked: dict[int, np.ndarray] = {}
    beside: dict[int, np.ndarray] = {}
    for position in range(keys):
        other = varied(scene.inputs[index], axis, position, scene.rng)
        if other is None:
            return
        y = exchanged(within, usable, look, scene.replaced(index, other))[1]
        z = exchanged(within, usable, none, scene.replaced(index, other))[1]
        if y.shape != base.shape or z.shape != control.shape:
            return
        linked[position], beside[position] = changed(base, y), changed(control, z)
    if not any(mask.any() for mask in linked.values()):
        return
    for out, length in enumerate(base.shape):
        if length != queries:
            continue
        rest = tuple(a for a in range(base.ndim) if a != out)
        if any(set(np.flatnonzero(mask.any(rest))) - {s} for s, mask in beside.items()):
            return  # something else mixes positions
        astray = [
            (int(t), s)
            for s, mask in linked.items()
            for t in np.flatnonzero(mask.any(rest))
            if t != s and (t + 1) % keys != s
        ]
        yield _Pattern(astray[0] if astray else None)


def _query(weights: Weights) -> int | None:
    """The axis of the queries: the one beside the keys, if the output keeps it."""
    kept = [a for a in weights.kept if a != weights.summed[0]]
    beside = [a for a in (weights.summed[0] - 1, weights.summed[0] + 1) if a in kept]
    return beside[0] if beside else None


def _heads(scene: Scene, weights: Weights) -> bool:
    """Whether there is an axis for heads, beside queries, keys and batch."""
    kept = [a for a in weights.kept if weights.p.shape[a] > 1]
    data = [scene.inputs[i] for i in scene.data()]
    ndim = max((v.ndim + (v.dtype.kind in "iu") for v in data), default=0)  # ids become rows of a table
    return len(kept) > 2 or (len(kept) > 1 and ndim == 2)


def _shifted(weights: Weights) -> np.ndarray:
    """Weights with which query t looks at key t + 1 alone."""
    query, key = _query(weights) or 0, weights.summed[0]
    queries, keys = weights.p.shape[query], weights.p.shape[key]
    look = (np.arange(queries)[:, None] + 1) % keys == np.arange(keys)[None, :]
    shape = [1] * weights.p.ndim
    shape[query], shape[key] = queries, keys
    look = look if query < key else look.T
    return np.broadcast_to(look.astype(float).reshape(shape), weights.p.shape).copy()


def _reshaped(within: Inside, usable: list[Weights]) -> Moment | None:
    """The statement after the weights have met the values in which the number of axes shrinks."""
    mixed = usable[-1].mixed
    if mixed is None:
        return None
    after = within.base[within.base.index(mixed) + 1 :]
    return next(
        (m for m in after if m.value.size == mixed.value.size and m.value.ndim < mixed.value.ndim), mixed
    )
