"""Tanh, the hyperbolic tangent: any number becomes one between -1 and 1.

    y = tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x)) = 2 σ(2x) - 1          dx = dy · (1 - y²)

**Why tanh where a sigmoid would do?** Its outputs lie around 0. A sigmoid's are all positive, so the
gradients of all weights of one unit in the next layer have the same sign, and its weights can only grow or
shrink together (LeCun et al. 1998, *Efficient BackProp*, sections 4.3 and 4.4). Its slope at 0 is 1, not 1/4;
where |x| is large it saturates just as well.

**Backward.** tanh' = 1 - tanh², so the cache keeps y and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array

if TYPE_CHECKING:
    from .arrays import Float


class TanhCache(NamedTuple):
    y: Float[Array, "*shape"]


def tanh(x: Float[Array, "*shape"]) -> tuple[Float[Array, "*shape"], TanhCache]:
    """The hyperbolic tangent, element by element, on any shape. NaN stays NaN."""
    y = np.tanh(x)
    return y, TanhCache(y)


def tanh_backward(dy: Float[Array, "*shape"], cache: TanhCache) -> Float[Array, "*shape"]:
    """dy · tanh'(x), with tanh' written by tanh itself."""
    y = cache.y
    dx: Array = dy * (1 - y * y)
    return dx
