"""The upstream gradient dy of a check: random, never constant.

With an upstream of ones, a softmax's or a norm's true gradient is 0, and any backward that returns small
numbers passes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .trees import is_array, is_float, leaves, map_tree


def draw_upstream(y: Any, rng: np.random.Generator) -> Any:
    """Random numbers in the structure of y; None where y is no floating point array."""

    def one(leaf: Any) -> Any:
        if not is_float(leaf):
            return None
        # the upstream of a single loss: any number but 1, which would hide that it is ignored
        values = rng.normal(size=leaf.shape) if leaf.shape else rng.uniform(1.3, 2.0)
        return np.asarray(values, dtype=leaf.dtype)

    return map_tree(one, y)


def weighted_sum(y: Any, dy: Any) -> float:
    """Σ dy · y: the scalar whose gradient backward computes when it is given dy."""
    pairs = zip(leaves(y), leaves(dy), strict=True)
    return float(sum(np.sum(np.multiply(a, g, dtype=np.float64)) for a, g in pairs if is_array(g)))
