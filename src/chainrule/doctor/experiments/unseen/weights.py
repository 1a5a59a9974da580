"""Attention weights, found by what they are: numbers that are not negative and add up to 1.

Then by what becomes of them: exchanging slices of them shows which of their axes the output keeps
(queries, batch, heads) and which is summed away against the values (keys).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from ...source.sites import Site
from .exchange import changed
from .moments import Inside, Key, Moment, inside
from .names import calls, identifiers, says
from .scene import Scene

ATTENTION = r"attention|attn|\bmha\b|quer|^q$|^k$|^w_?[qk]$|w_?quer|[qk]_proj|^keys?$"


MOST_IDLE = 4  # values of which no output depends, until it is clear that only gradients follow


@dataclass(eq=False)
class Weights:
    """p: the weights. axes: those over which they add up to 1. keys: everywhere in the source where they
    stand.

    mixed: where they meet the values: its axes that belong to each kept axis of p; summed: p's other axes.
    used: the weights as they meet the values, after dropout or a late mask.
    """

    p: np.ndarray
    axes: tuple[int, ...]
    keys: set[Key]
    first: Moment
    order: int
    mixed: Moment | None = None
    kept: dict[int, int] = field(default_factory=dict)
    summed: tuple[int, ...] = ()
    used: Moment | None = None


def attends(scene: Scene) -> bool:
    """Whether this is attention, by its names."""
    return says(identifiers(scene), ATTENTION)


def normalizes(scene: Scene) -> bool:
    """Whether exponentials are taken at all."""
    return calls(scene, "exp", "softmax", "exp2") or says(identifiers(scene), "softmax")


def find(scene: Scene) -> tuple[Inside | None, list[Weights]]:
    """All arrays of weights in this layer's own code, first to last."""
    if not normalizes(scene):
        return None, []
    within = inside(scene)
    if within is None:
        return None, []
    found: list[Weights] = []
    for order, moment in enumerate(within.base):
        value = moment.value
        if value.ndim < 2 or value.size < 4 or value.size > 100_000:
            continue
        twin = next((w for w in found if w.p.shape == value.shape and np.array_equal(w.p, value)), None)
        if twin is not None:
            twin.keys.add(moment.key)
            continue
        axes = sums_to_one(value)
        if axes and not any(_turned(w.p, value) for w in found):
            found.append(Weights(value, axes, {moment.key}, moment, order))
    for weights in found[:8]:
        follow(within, weights)
    return within, found


def sums_to_one(value: np.ndarray) -> tuple[int, ...]:
    """The fewest axes over which an array of shares adds up to 1; empty where it is none."""
    if not np.all(np.isfinite(value)) or value.min() < 0 or value.max() > 1 + 1e-9:
        return ()
    if set(np.unique(value)) <= {0.0, 1.0} or value.max() == value.min():
        return ()
    long = [a for a in range(value.ndim) if value.shape[a] > 1]
    for count in range(1, len(long) + 1):
        for axes in itertools.combinations(reversed(long), count):
            if np.allclose(value.sum(axes), 1, rtol=0, atol=1e-9):
                return tuple(sorted(axes))
    return ()


def _turned(p: np.ndarray, value: np.ndarray) -> bool:
    """Whether a value is p with its last two axes exchanged."""
    return p.ndim == value.ndim and np.array_equal(p.swapaxes(-1, -2), value)


def follow(within: Inside, weights: Weights) -> Weights:
    """Fills in what becomes of the weights."""
    p = weights.p
    rng = np.random.default_rng(5)
    masks: dict[int, dict[int, dict[Key, np.ndarray]]] = {}
    base = {m.key: m for m in within.base}
    for axis in range(p.ndim):
        if p.shape[axis] < 2:
            continue
        masks[axis] = {}
        for index in (0, p.shape[axis] - 1):
            other = p.copy()
            place = (slice(None),) * axis + (index,)
            other[place] += 0.2 + 0.3 * rng.random(other[place].shape)
            moments, _ = exchanged(within, [weights], [other])
            masks[axis][index] = {
                m.key: changed(base[m.key].value, m.value)
                for m in moments
                if m.key in base and m.value.shape == base[m.key].value.shape
            }
    weights.used, idle = weights.first, 0
    for moment in within.base[weights.order :]:
        if moment.key in weights.keys or not all(
            moment.key in m for by in masks.values() for m in by.values()
        ):
            continue
        hit = {axis: {i: m[moment.key] for i, m in by.items()} for axis, by in masks.items()}
        if not all(mask.any() for by in hit.values() for mask in by.values()):
            continue
        kept = {axis: where for axis, by in hit.items() if (where := _kept(by)) is not None}
        if len(kept) == len(hit):
            if moment.value.ndim == p.ndim and moment.value.shape == p.shape:
                weights.used = moment
            continue
        if kept and not _matters(within, moment):
            idle += 1
            if idle == MOST_IDLE:
                break
        elif kept:
            weights.mixed, weights.kept = moment, kept
            weights.summed = tuple(a for a in masks if a not in kept)
            break
    return weights


def _matters(within: Inside, moment: Moment) -> bool:
    """Whether the output depends on a value; what only a gradient is made of does not count."""
    other = moment.value + 0.3 * (np.abs(moment.value).mean() + 1.0)
    after = within.watch(exchange=lambda site, n, value: other if (site.id, n) == moment.key else None)[1]
    before = within.first_output
    return before.shape != after.shape or not np.array_equal(before, after)


def _kept(by: dict[int, np.ndarray]) -> int | None:
    """The axis along which a change at index i is seen at index i alone."""
    shape = next(iter(by.values())).shape
    for axis in range(len(shape)):
        rest = tuple(a for a in range(len(shape)) if a != axis)
        seen = {i: np.flatnonzero(mask.any(rest)) for i, mask in by.items()}
        if all(len(places) == 1 and places[0] == i for i, places in seen.items()):
            return axis
    return None


def exchanged(
    within: Inside, weights: list[Weights], others: list[np.ndarray], inputs: tuple[object, ...] | None = None
) -> tuple[list[Moment], np.ndarray]:
    """A run with other weights in the place of the real ones."""
    by_key = {key: other for w, other in zip(weights, others, strict=True) for key in w.keys}

    def exchange(site: Site, execution: int, value: np.ndarray) -> np.ndarray | None:
        other = by_key.get((site.id, execution))
        return other if other is not None and other.shape == value.shape else None

    return within.watch(inputs, exchange=exchange)
