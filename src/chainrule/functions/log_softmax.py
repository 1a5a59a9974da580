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
    dim: int


def log_softmax(
    x: Float[Array, "*shape"], dim: int = -1
) -> tuple[Float[Array, "*shape"], LogSoftmaxCache]:
    """log softmax(x) along `dim`. A score of -∞ (masked) stays -∞.

    Raises ValueError if dim does not exist or is empty, or if all scores along it are -∞.
    """
    shifted = shift("log_softmax", x, dim)
    y = shifted - np.log(np.exp(shifted).sum(dim, keepdims=True))
    return y, LogSoftmaxCache(y, dim)


def log_softmax_backward(dy: Float[Array, "*shape"], cache: LogSoftmaxCache) -> Float[Array, "*shape"]:
    """dx = dy - p Σ dy."""
    y, dim = cache
    p = np.exp(y)
    dx: Array = dy - p * dy.sum(dim, keepdims=True)
    return dx
