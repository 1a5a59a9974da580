"""Gradients against measured slopes: where they differ, where a kink forbids it, where nothing is proved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .numerical import STEP, TOLERANCE, measure, measure_along

ALMOST_ZERO = 1e-8  # a gradient that is smaller everywhere proves nothing


def compare_with_slopes(
    fail: Callable[[str], Any],
    label: str,
    objective: Callable[[], float],
    array: np.ndarray,
    gradient: np.ndarray,
    rng: np.random.Generator,
    zero_reason: str | None = None,
    kinks: float = 0.05,
    step: float = STEP,
    tolerance: float = TOLERANCE,
    limit: int = 400,
) -> np.ndarray:
    """Compares a gradient with measured slopes, element by element (`limit` of them, chosen at random, if
    there are more).

    Returns where the objective is smooth, in the array's shape.
    """
    where = (
        np.arange(array.size)
        if array.size <= limit
        else np.sort(rng.choice(array.size, limit, replace=False))
    )
    slopes = measure(objective, array, where, step)
    smooth = np.ones(array.size, dtype=bool)
    smooth[where] = slopes.smooth
    if (kinked := int((~slopes.smooth).sum())) > max(1, kinks * len(where)):
        fail(
            f"{kinked} of {len(where)} elements of {label} sit on a kink: "
            "choose other inputs (no ties, no exact zeros)"
        )
    got, measured = gradient.reshape(-1)[where], slopes.value
    scale = np.abs(measured[slopes.smooth]).max(initial=0)
    threshold = max(ALMOST_ZERO, 10 * slopes.noise)
    if scale < threshold and zero_reason is None:
        largest = np.abs(got).max(initial=0)
        fail(
            f"vacuous: the true gradient of {label} is about 0 everywhere (at most {scale:.1g}, returned: "
            f"{largest:.1g}), so that a wrong one might pass; use other inputs, or allow_zero with a reason"
        )
    if zero_reason is not None and scale >= threshold:
        fail(f"the gradient of {label} was said to be 0 ({zero_reason}), but goes up to {scale:.3g}")
    allowed = tolerance * scale + slopes.noise + (ALMOST_ZERO if zero_reason is not None else 0)
    error = np.where(slopes.smooth, np.abs(got - measured), 0)
    if not (error <= allowed).all():
        worst = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
        place = tuple(int(i) for i in np.unravel_index(where[worst], array.shape))
        wrong = int((~(error <= allowed)).sum())
        fail(
            f"the gradient of {label} at {place} is {got[worst]:.8g}, measured: {measured[worst]:.8g} "
            f"({wrong} of {len(where)} elements are wrong)"
        )
    return smooth.reshape(array.shape)


def compare_along(
    fail: Callable[[str], Any],
    objective: Callable[[], float],
    moved: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    rng: np.random.Generator,
    step: float = STEP,
    tolerance: float = TOLERANCE,
) -> None:
    """Moves several arrays at once along a random direction: the slope is Σ gradient · direction."""
    arrays, gradients, smooth = ([m[i] for m in moved] for i in range(3))
    for attempt in range(6):
        # a sparser direction with every attempt, and a smaller chance that something in it meets a kink
        directions = [
            rng.normal(size=a.shape) * s * (rng.random(a.shape) < 0.6**attempt)
            for a, s in zip(arrays, smooth, strict=True)
        ]
        measured, is_smooth, noise = measure_along(objective, arrays, directions, step)
        if is_smooth:
            break
    else:
        fail("every random direction meets a kink: choose other inputs (no ties, no exact zeros)")
    terms = [g * d for g, d in zip(gradients, directions, strict=True)]
    expected = float(sum(t.sum() for t in terms))
    scale = float(np.sqrt(sum(np.square(t).sum() for t in terms)))
    if not abs(measured - expected) <= 2 * tolerance * scale + 10 * noise + ALMOST_ZERO:
        fail(f"along a random direction the slope is {measured:.8g}, the gradients say {expected:.8g}")
