"""Finding, by running a few steps, what is learned and what the learning rate is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..structure import is_array
from .trainee import NO_RATE, Batch, Trainee
from .weights import Weight, candidates, declared, from_place, given, reads_like_a_parameter, slots_after

NUMBERS = 400  # that are tried as a learning rate


def discover(trainee: Trainee) -> None:
    """Fills `weights` (they move), `unmoved` (they should) and `elsewhere`. Raises what the step raises."""
    trainee.restore()
    batch = trainee.batch(0)
    named = declared(trainee.subject)
    if named is None and trainee.given_params is not None:
        named = given(trainee.given_params, trainee.roots)
    if named is not None:
        _sort_named(trainee, named, batch)
    else:
        _search(trainee, batch)
    _find_rate_by_trying(trainee, batch)
    trainee.restore()


def _sort_named(trainee: Trainee, named: list[Weight], batch: Batch) -> None:
    """Of parameters that were named: which of them does a step move?"""
    before = {w.name: w.read() for w in named}
    trainee.step(*batch)
    open_ones = [w for w in named if not w.frozen]
    trainee.weights = [w for w in open_ones if not np.array_equal(w.read(), before[w.name])]
    trainee.unmoved = [w for w in open_ones if np.array_equal(w.read(), before[w.name])]


def _search(trainee: Trainee, batch: Batch) -> None:
    """Of everything that can be reached: what does a step move, and what does the loss depend on?"""
    before = candidates(trainee.roots)
    values = {path: np.copy(place.get()) for path, (_, place) in before.items()}
    first = trainee.step(*batch)
    slots = slots_after(trainee.roots, before)
    change = _changed(before, values)
    carried: set[str] = set()
    if trainee.can_change_rate:
        trainee.restore()
        still = trainee.step(*batch, rate=NO_RATE)
        # what moves without a learning rate is a state, not a weight
        carried = {p for p, size in _changed(before, values).items() if size > 1e-9 * change.get(p, 0.0)}
        trainee.after_update = bool(abs(still - first) > 1e-9 * abs(first))
    every = {
        path: from_place(place, slots.get((prefix, place.path)), prefix)
        for path, (prefix, place) in before.items()
    }
    trainee.weights = list(every.values())
    felt = {path for path in every if _matters(trainee, every[path], batch)}
    moving = [p for p in every if p in change and p not in carried]
    # a gradient by its name counts too: a loss may be flat along a weight at the first point
    learned = [p for p in moving if p in felt or every[p].slot is not None]
    names = [every[p].name for p in learned]
    still_ones = [
        p for p in every if p not in change and is_array(before[p][1].get()) and not every[p].frozen
    ]
    idle = [
        p for p in still_ones if every[p].slot is not None or reads_like_a_parameter(every[p].name, names)
    ]
    trainee.weights, trainee.unmoved = [every[p] for p in learned], [every[p] for p in idle]
    trainee.elsewhere = sorted(change.keys() - set(learned) - carried)


def _changed(before: dict[str, Any], values: dict[str, np.ndarray]) -> dict[str, float]:
    """By path, how far it moved."""
    found = {}
    for path, (_, place) in before.items():
        now, old = place.get(), values[path]
        if now is None or np.shape(now) != old.shape or np.array_equal(now, old, equal_nan=True):
            continue
        found[path] = float(np.linalg.norm(np.asarray(now, dtype=float) - old))
    return found


def _matters(trainee: Trainee, weight: Weight, batch: Batch) -> bool:
    """Whether the loss depends on it."""
    value = weight.read()
    noise = np.random.default_rng(5).normal(size=value.shape)
    scale = max(float(np.sqrt(np.mean(value**2))), 1e-2)
    base = trainee.try_(lambda: trainee.loss_at({}, batch))
    other = trainee.try_(lambda: trainee.loss_at({weight.name: value + 0.1 * scale * noise}, batch))
    if isinstance(base, Exception) or isinstance(other, Exception):
        return False
    return bool(base != other and not (math.isnan(base) and math.isnan(other)))


def _find_rate_by_trying(trainee: Trainee, batch: Batch) -> None:
    """A number whose half halves the step and leaves the loss is the learning rate, whatever its name."""
    if trainee.can_change_rate or not trainee.weights:
        return
    weight = trainee.weights[0]
    trainee.restore()
    loss, full = _step_length(trainee, weight, batch)
    for root in trainee.roots.values():
        for place in [] if isinstance(root, np.ndarray) else places(root)[:NUMBERS]:
            value = place.get()
            if not isinstance(value, float) or value <= 0:
                continue
            trainee.restore()
            place.rebind(value / 2)
            other, half = _step_length(trainee, weight, batch)
            if other == loss and abs(half - full / 2) < 1e-3 * full:
                trainee.rate, trainee.rate_places = value, [place]
                return


def _step_length(trainee: Trainee, weight: Weight, batch: Batch) -> tuple[float, float]:
    """(loss, length of the step) of one step from here; NaN where it fails."""
    before = weight.read()
    loss = trainee.try_(lambda: trainee.step(*batch))
    after = weight.read()
    if isinstance(loss, Exception) or after.shape != before.shape:
        return math.nan, math.nan
    return loss, float(np.linalg.norm(after - before))
