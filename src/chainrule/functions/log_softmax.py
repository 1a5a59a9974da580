"""Log-softmax: the logarithms of the probabilities that softmax gives.

    y[i] = log p[i] = x[i] - log Σ_k exp x[k]

**Why not log(softmax(x))?** A probability below 1e-45 (float32) is rounded to 0, and its logarithm is -∞;
here it is simply x[i] minus something, exact however unlikely the class.

**Backward.** ∂y[i]/∂x[j] = [i = j] - p[j]. Summed over i:

    dx[j] = dy[j] - p[j] · Σ_i dy[i]

With dy = -q, the targets of a cross-entropy, Σ q = 1, this is the famous p - q. That is all there is to it:
no other softmax derivative follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array
from .softmax import shift

if TYPE_CHECKING:
    from .arrays import Float


class LogSoftmaxCache(NamedTuple):
    y: Float[Array, "*shape"]  # log p
    axis: int


def log_softmax(
    x: Float[Array, "*shape"], axis: int = -1
) -> tuple[Float[Array, "*shape"], LogSoftmaxCache]:
    """log softmax(x) along `axis`. A score of -∞ (masked) stays -∞.

    Raises ValueError if the axis does not exist or is empty, or if all scores along it are -∞.
    """
    shifted = shift("log_softmax", x, axis)
    y = shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))
    return y, LogSoftmaxCache(y, axis)


def log_softmax_backward(dy: Float[Array, "*shape"], cache: LogSoftmaxCache) -> Float[Array, "*shape"]:
    """dx = dy - p Σ dy."""
    y, axis = cache
    p = np.exp(y)
    dx: Array = dy - p * dy.sum(axis, keepdims=True)
    return dx
