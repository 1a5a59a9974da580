"""Random test arrays that depend on their shape and seed only, not on which tests ran before."""

from __future__ import annotations

import numpy as np


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """float64, normal; the same for the same shape and seed."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def uniform(low: float, high: float, *shape: int, seed: int = 0) -> np.ndarray:
    """float64, from low to high."""
    return np.random.default_rng([seed, *shape]).uniform(low, high, size=shape)


def integers(high: int, *shape: int, seed: int = 0) -> np.ndarray:
    """int64, 0 to high - 1."""
    return np.random.default_rng([seed, *shape]).integers(high, size=shape)
