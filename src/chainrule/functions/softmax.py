"""Softmax: scores become probabilities. All are positive, and along it they sum to 1.

    p[i] = exp x[i] / Σ_k exp x[k]

Only differences of scores count: adding a constant to all x multiplies numerator and denominator by the same
factor. So the maximum is subtracted first; the largest exponent is then 0, and exp cannot overflow.

**Backward: the whole Jacobian.** Every x[j] stands in the denominator of *every* p[i]:

    ∂p[i]/∂x[j] = p[i] · ([i = j] - p[j])         for 3 classes:   p0(1-p0)   -p0 p1     -p0 p2
                                                                    -p1 p0    p1(1-p1)   -p1 p2
                                                                    -p2 p0     -p2 p1    p2(1-p2)

**Why is p(1 - p) alone wrong?** It is the diagonal, the derivative of a sigmoid. It forgets that what one
class wins the others lose. A quick test: if dp is the same number c for all classes, nothing can change, as Σ
p stays 1, and dx must be 0; p(1 - p) · c is not. (Nor does the sigmoid's rule become right because the loss
is a cross-entropy: there p - q comes out because the off-diagonal terms are in it.)

Nobody builds that matrix. Summed over i, the two terms are

    dx[j] = Σ_i dp[i] ∂p[i]/∂x[j] = p[j] · (dp[j] - Σ_i dp[i] p[i])

in words: each score is pushed by how much better its class is than the average under p.

(Bridle 1990; Goodfellow, Bengio and Courville, *Deep Learning*, 2016, section 6.2.2.3.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array, describe

if TYPE_CHECKING:
    from .arrays import Float


class SoftmaxCache(NamedTuple):
    p: Float[Array, "*shape"]
    dim: int


def softmax(x: Float[Array, "*shape"], dim: int = -1) -> tuple[Float[Array, "*shape"], SoftmaxCache]:
    """exp x / Σ exp x along `dim`. A score of -∞ (masked) has the probability 0.

    Raises ValueError if dim does not exist or is empty, or if all scores along it are -∞: no
    distribution is left.
    """
    shifted = shift("softmax", x, dim)
    e = np.exp(shifted)                                    # the largest is 1
    p = e / e.sum(dim, keepdims=True)                     # Σ p = 1 along it
    return p, SoftmaxCache(p, dim)


def softmax_backward(dp: Float[Array, "*shape"], cache: SoftmaxCache) -> Float[Array, "*shape"]:
    """The Jacobian times dp, without the Jacobian."""
    p, dim = cache
    average = (dp * p).sum(dim, keepdims=True)            # Σ_i dp[i] p[i]
    dx: Array = p * (dp - average)
    return dx


def shift(name: str, x: Array, dim: int) -> Array:
    """x minus its maximum along it, checked: what softmax and log_softmax begin with."""
    if not -x.ndim <= dim < x.ndim:
        raise ValueError(f"{name}: dim {dim} does not exist in {describe('input', x)}")
    if x.shape[dim] == 0:
        raise ValueError(f"{name}: there is nothing to distribute along dim {dim}: {describe('input', x)}")
    largest = x.max(dim, keepdims=True)
    masked = largest == -np.inf
    if masked.any():
        where = tuple(int(i) for i in np.unravel_index(int(masked.argmax()), masked.shape))
        raise ValueError(
            f"{name}: all {x.shape[dim]} scores along dim {dim} are -inf (masked) at {where}, so that no "
            f"probability is left: {describe('input', x)}"
        )
    shifted: Array = x - largest
    return shifted
