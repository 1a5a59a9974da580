"""ReLU, the rectified linear unit: what is positive passes, what is negative becomes 0.

    y = max(x, 0)           dx = dy where x > 0, else 0

At exactly x = 0 there is no derivative; 0 is used, as in PyTorch. The cache keeps y: it is positive exactly
where x was, and it exists already.  (Nair and Hinton 2010; Glorot, Bordes and Bengio 2011.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array

if TYPE_CHECKING:
    from .arrays import Float


class ReLUCache(NamedTuple):
    y: Float[Array, "*shape"]


def relu(x: Float[Array, "*shape"]) -> tuple[Float[Array, "*shape"], ReLUCache]:
    """max(x, 0), element by element, on any shape. NaN stays NaN."""
    y = np.maximum(x, 0)
    return y, ReLUCache(y)


def relu_backward(dy: Float[Array, "*shape"], cache: ReLUCache) -> Float[Array, "*shape"]:
    """The gate that forward opened or shut: dx = dy where y > 0, else 0."""
    return dy * (cache.y > 0)
