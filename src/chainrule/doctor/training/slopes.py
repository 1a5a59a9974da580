"""Numerical slopes of the training loss along directions in weight space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .trainee import Trainee
from .weights import Weight

STEP, COARSE_STEP = (
    1e-5,
    3e-3,
)  # relative to the weights: in float64, and where numbers are rounded to float32


@dataclass(frozen=True)
class Slope:
    """d loss / d along a direction; `sure` where two step sizes agree (no kink, no noise)."""

    value: float
    sure: bool


def slope(trainee: Trainee, directions: dict[str, np.ndarray], batch: tuple[Any, Any]) -> Slope:
    """The derivative of the batch's loss along a direction of some weights, by central differences."""
    kept = {w.name: w.read() for w in _at_start(trainee, directions)}
    size = max(1e-2, max(_rms(value) for value in kept.values()))
    length = max(_rms(d) for d in directions.values())
    if length == 0 or not math.isfinite(length):
        return Slope(0.0, False)
    found = []
    step = step_size(trainee)
    rounding = 0.0
    for h in (step * size / length, 2 * step * size / length):
        up = trainee.loss_at({n: kept[n] + h * d for n, d in directions.items()}, batch)
        down = trainee.loss_at({n: kept[n] - h * d for n, d in directions.items()}, batch)
        found.append((up - down) / (2 * h))
        rounding = max(rounding, 1e-15 * abs(up) / h)
    one, two = found
    sure = bool(abs(one - two) <= 0.02 * max(abs(one), abs(two)) and abs(one) >= 10 * rounding)
    return Slope((4 * one - two) / 3 if sure else one, sure)


def step_size(trainee: Trainee) -> float:
    coarse = any(w.resolution > 1e-10 for w in trainee.weights)
    return COARSE_STEP if coarse else STEP


def gradient_along(
    trainee: Trainee,
    weight: Weight,
    batch: tuple[Any, Any],
    count: int = 4,
    mask: np.ndarray | None = None,
    seed: int = 3,
) -> list[tuple[np.ndarray, Slope]]:
    """(direction, slope) for random directions of one weight, or of the elements of it where mask is True."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        direction = rng.normal(size=np.shape(weight.get()))
        if mask is not None:
            direction = np.where(mask, direction, 0.0)
        found.append((direction, slope(trainee, {weight.name: direction}, batch)))
    return found


def gradient_norm(trainee: Trainee, weight: Weight, batch: tuple[Any, Any], count: int = 6) -> float:
    """An estimate of a gradient's norm: for u with independent unit normal entries, E (g . u)^2 = |g|^2."""
    values = [s.value for _, s in gradient_along(trainee, weight, batch, count)]
    return float(np.sqrt(np.mean(np.square(values))))


def element_gradient(
    trainee: Trainee, weight: Weight, batch: tuple[Any, Any], limit: int = 300
) -> tuple[np.ndarray, np.ndarray]:
    """The numerical gradient of single elements: (flat indices, derivatives), of at most `limit` elements."""
    trainee.restore()
    value = weight.read()
    rng = np.random.default_rng(11)
    index = (
        np.arange(value.size)
        if value.size <= limit
        else np.sort(rng.choice(value.size, limit, replace=False))
    )
    h = step_size(trainee) * max(1e-2, _rms(value)) * 3
    found = []
    for i in index:
        losses = []
        for sign in (1, -1):
            moved = value.copy()
            moved.flat[i] += sign * h
            losses.append(trainee.loss_at({weight.name: moved}, batch))
        found.append((losses[0] - losses[1]) / (2 * h))
    return index, np.array(found)


def _at_start(trainee: Trainee, directions: dict[str, Any]) -> list[Weight]:
    trainee.restore()
    return [w for w in (*trainee.weights, *trainee.unmoved) if w.name in directions]


def _rms(value: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(value)))) if np.size(value) else 0.0
