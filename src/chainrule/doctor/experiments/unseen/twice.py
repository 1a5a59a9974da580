"""Probabilities where logits are meant: a softmax on a softmax.

A loss that takes logits does not notice when a constant is added to them; one that takes probabilities does.
So where shares that add up to 1 can be shifted without any change of the loss, and yet the loss depends on
them, a softmax follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...report import Finding
from .losses import Loss, losses_of, same
from .moments import Inside, Key, Moment, inside
from .said import finding
from .scene import Scene
from .weights import sums_to_one

MOST = 6  # different arrays of shares


def softmax_twice(scene: Scene, whole: bool) -> Iterator[Finding]:
    """At the border between a model and its loss, or inside of one that is both."""
    for loss, prediction, target, _ in losses_of(scene):
        if not whole or scene.face.loss is not None:
            yield from _by_shift(scene, loss, prediction, target, whole)
            return
    if whole and scene.y.size == 1:
        yield from _by_exchange(scene)


def _by_shift(scene: Scene, loss: Loss, y: np.ndarray, target: np.ndarray, whole: bool) -> Iterator[Finding]:
    """The loss at hand, as a function of the prediction."""
    axes = sums_to_one(y) if y.ndim > 1 and y.size > 3 else ()
    if len(axes) != 1:
        return
    shifted, doubled = loss(_shifted(y, axes[0], scene), target), loss(2 * y, target)
    before = loss(y, target)
    if not same(before, shifted) or same(before, doubled):
        return
    within = inside(scene, deep=True) if whole else None
    at = None if within is None else _made(within.base, y)
    yield _twice(scene, before, shifted, y.shape[axes[0]], axes[0], at)


def _by_exchange(scene: Scene) -> Iterator[Finding]:
    """Shares inside of the code are exchanged at all places where they stand."""
    within = inside(scene, deep=True)
    if within is None:
        return
    before = float(scene.y.ravel()[0])
    tried: list[np.ndarray] = []
    for moment in within.base:
        value = moment.value
        if value.ndim < 1 or not 3 <= value.size <= 50_000 or len(tried) >= MOST:
            continue
        axes = sums_to_one(value)
        if len(axes) != 1 or any(_equal(value, other) for other in tried):
            continue
        tried.append(value)
        keys = {m.key for m in within.base if _equal(m.value, value)}
        shifted = _exchanged(within, keys, _shifted(value, axes[0], scene))
        doubled = _exchanged(within, keys, 2 * value)
        if not same(before, shifted) or same(before, doubled):
            continue
        if _softmaxed(within, value, axes[0]) or _is_cross_entropy(within, keys, value, axes[0], before):
            yield _twice(scene, before, shifted, value.shape[axes[0]], axes[0], _made(within.base, value))
            return


def _softmaxed(within: Inside, value: np.ndarray, axis: int) -> bool:
    """Whether the softmax of these numbers, or its logarithm, stands anywhere."""
    p = np.exp(value) / np.exp(value).sum(axis, keepdims=True)
    alike = [m.value for m in within.base if m.value.shape == p.shape]
    return any(np.allclose(v, q, rtol=1e-9, atol=0) for v in alike for q in (p, np.log(p)))


def _is_cross_entropy(within: Inside, keys: set[Key], value: np.ndarray, axis: int, before: float) -> bool:
    """A norm does not notice a constant either. Where one class of one row gets M more, a cross-entropy of
    logits changes by w log((rest + own e^M) / (rest + own)) - t M: two unknowns, three values of M.
    """
    rows = np.moveaxis(value, axis, -1).reshape(-1, value.shape[axis])
    amounts = np.array([0.5, 1.0, 2.0])
    for row in range(min(len(rows), MOST)):
        moved = []
        for amount in amounts:
            other = np.moveaxis(value, axis, -1).copy()
            other.reshape(rows.shape)[row, 0] += amount
            moved.append(_exchanged(within, keys, np.moveaxis(other, -1, axis)) - before)
        share = np.exp(rows[row, 0]) / np.exp(rows[row]).sum()
        grown = np.log1p(share * np.expm1(amounts))
        terms = np.stack([grown, amounts], axis=1)
        fit = np.linalg.lstsq(terms, np.array(moved), rcond=None)[0]
        size = float(np.abs(moved).max())
        if np.isfinite(size) and size > 1e-9 * abs(before):  # a row that counts
            return bool(np.abs(terms @ fit - moved).max() < 1e-6 * size and fit[0] > 0)
    return False


def _shifted(y: np.ndarray, axis: int, scene: Scene) -> np.ndarray:
    shift = scene.rng.normal(size=[1 if a == axis else n for a, n in enumerate(y.shape)])
    return np.asarray(y + shift)


def _exchanged(within: Inside, keys: set[Key], other: np.ndarray) -> float:
    def exchange(site: Any, execution: int, value: np.ndarray) -> np.ndarray | None:
        return other.copy() if (site.id, execution) in keys and value.shape == other.shape else None

    result = within.watch(exchange=exchange)[1]
    return float(result.ravel()[0]) if result.size == 1 else float("nan")


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.array_equal(a, b)


def _made(moments: list[Moment], value: np.ndarray) -> Moment | None:
    """Where these numbers are made: the statement that asks for them, rather than inside of a helper."""
    made = [m for m in moments if m.site.kind in ("assign", "return", "call") and _equal(m.value, value)]
    return next((m for m in made if "softmax" not in m.site.function), made[0] if made else None)


def _twice(
    scene: Scene, before: float, shifted: float, classes: int, axis: int, at: Moment | None
) -> Finding:
    floor = float(np.log(np.e + classes - 1) - 1)
    return finding(
        "softmax-twice",
        scene,
        f"what reaches the loss are probabilities (they add up to 1 over axis {axis}), and the "
        f"loss, {before:.6g}, does"
        f" not change when constants are added to them: it applies a softmax of its own. Even for a perfect"
        f" prediction it cannot fall below ln(e + {classes} - 1) - 1 = {floor:.3f} per sample",
        {"loss": before, "loss, constants added": shifted, "classes": classes, "floor": floor},
        at=at,
    )
