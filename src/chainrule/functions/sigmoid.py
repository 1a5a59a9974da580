"""Sigmoid: any number becomes one between 0 and 1, to be read as a probability or as a gate that opens.

    y = σ(x) = 1 / (1 + exp(-x))          dx = dy · y · (1 - y)

**Why not just write the formula?** exp(-x) overflows for x = -1000, although y is simply 0. Multiplying
numerator and denominator by exp(x) gives exp(x) / (1 + exp(x)), which overflows on the other side. So each
half takes the form whose exponent is not positive: with e = exp(-|x|), which is never larger than 1,

    y = 1 / (1 + e)  where x >= 0,    e / (1 + e)  where x < 0

**Backward.** σ' = exp(-x) / (1 + exp(-x))² = σ · (1 - σ): all it takes is y. It is 1/4 at most, and next to 0
where |x| is large: behind a stack of sigmoids hardly any gradient arrives ("saturation"; LeCun et al. 1998,
*Efficient BackProp*, section 4.4; Glorot and Bengio 2010, section 3).

For a loss, take the logits: see binary_cross_entropy_with_logits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array

if TYPE_CHECKING:
    from .arrays import Float


class SigmoidCache(NamedTuple):
    y: Float[Array, "*shape"]


def sigmoid(x: Float[Array, "*shape"]) -> tuple[Float[Array, "*shape"], SigmoidCache]:
    """1 / (1 + exp(-x)), element by element, on any shape, without overflow. NaN stays NaN."""
    e = np.exp(-np.abs(x))                                 # in [0, 1]
    y = np.where(x >= 0, 1, e) / (1 + e)
    return y, SigmoidCache(y)


def sigmoid_backward(dy: Float[Array, "*shape"], cache: SigmoidCache) -> Float[Array, "*shape"]:
    """dy · σ'(x), with σ' written by σ itself."""
    y = cache.y
    dx: Array = dy * y * (1 - y)
    return dx
