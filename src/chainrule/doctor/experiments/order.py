"""The right numbers in the wrong order: is it an exchange of axes, and of which?"""

from __future__ import annotations

import numpy as np

from ..case import close


def places(a: np.ndarray, n: np.ndarray) -> np.ndarray | None:
    """Where in `a` (flat) each number of `n` stands; None if it is not there, or if that cannot be told."""
    if a.size != n.size or a.size < 4:
        return None
    of_a, of_n = np.argsort(a.ravel()), np.argsort(n.ravel())
    values = n.ravel()[of_n]
    apart = np.diff(values).min() > 1e-6 * np.abs(values).max()
    if not apart or not close(a.ravel()[of_a], values):
        return None
    where = np.empty(n.size, dtype=int)
    where[of_n] = of_a
    return where


def axes_of(where: np.ndarray | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes (their lengths, and the step of each in the other array) if an order of places is that of
    axes in another order; two empty tuples if it is none, or the order itself.

    Along the last axis places go up by one constant step, and so on for the axis before, as far as it goes.
    """
    if where is None or where[0] != 0 or np.array_equal(where, np.arange(where.size)):
        return (), ()
    shape: list[int] = []
    steps: list[int] = []
    inner = 1
    while inner < where.size:
        step = int(where[inner])
        outer = where[::inner]
        count = next((i for i in range(2, len(outer)) if outer[i] != i * step), len(outer))
        while where.size % (inner * count):
            count -= 1
        if count < 2:
            return (), ()
        shape.insert(0, count)
        steps.insert(0, step)
        inner *= count
    digits = np.indices(shape).reshape(len(shape), -1)
    if not np.array_equal(np.asarray(steps) @ digits, where):
        return (), ()
    known = 1
    for step, count in sorted(zip(steps, shape, strict=True)):
        if step != known:
            return (), ()
        known *= count
    return tuple(shape), tuple(steps)


__all__ = ["axes_of", "places"]
