"""Leaky ReLU: what is positive passes, what is negative passes too, but weakly.

    y = x where x > 0, else negative_slope · x        dx = dy where x > 0, else negative_slope · dy

**Why let the negative through?** A ReLU unit that is negative for every sample has the gradient 0 for every
sample: no step ever moves it again ("dead"). Here its gradient is small, but it is there, and the unit can
come back.

At exactly x = 0 the slope of the negative side is used, as in PyTorch. With negative_slope = 0 this is ReLU,
with 1 the identity (and several layers without a nonlinearity between them are one linear layer).

(Maas, Hannun and Ng 2013, section 2. He et al. 2015, section 2.1, learn the slope: PReLU.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array

if TYPE_CHECKING:
    from .arrays import Bool, Float


class LeakyReLUCache(NamedTuple):
    positive: Bool[Array, "*shape"]
    negative_slope: float


def leaky_relu(
    x: Float[Array, "*shape"], negative_slope: float = 0.01
) -> tuple[Float[Array, "*shape"], LeakyReLUCache]:
    """x or negative_slope · x, element by element, on any shape. NaN stays NaN."""
    positive = x > 0
    return np.where(positive, x, negative_slope * x), LeakyReLUCache(positive, negative_slope)


def leaky_relu_backward(dy: Float[Array, "*shape"], cache: LeakyReLUCache) -> Float[Array, "*shape"]:
    """The slope of the side on which x stood."""
    return np.where(cache.positive, dy, cache.negative_slope * dy)
