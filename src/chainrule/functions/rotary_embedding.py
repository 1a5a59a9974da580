"""Rotary position embedding: queries and keys are rotated by their position, and scores know the distance.

Features are taken in pairs. Pair i of position t is turned by the angle t θ_i, with θ_i = 10000^(-2i /
features), the clocks of positional_encoding:

    y[2i]     = x[2i] cos(t θ_i) - x[2i + 1] sin(t θ_i)
    y[2i + 1] = x[2i] sin(t θ_i) + x[2i + 1] cos(t θ_i)

(Su et al. 2021, *RoFormer*, section 3.2.2.)

**Why rotate, instead of adding?** The score of a query at t and a key at s is a dot product, and turning both
by the same angle does not change it. So only the difference of their angles counts, (t - s) θ_i: the score
depends on what the two say and on how far apart they are, not on where they stand. Values are not rotated:
what is taken home says nothing of positions. Nor does it cost parameters, or have a last position.

**Backward.** A rotation is a linear map; the gradient goes back through its transpose, which is the rotation
by the opposite angle:

    dx[2i]     =  dy[2i] cos + dy[2i + 1] sin
    dx[2i + 1] = -dy[2i] sin + dy[2i + 1] cos

(There are two layouts in use. This is the paper's, with neighbors as pairs; others pair feature i with
feature i + features / 2. Weights trained with the one need their rows reordered for the other.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array, describe
from .positional_encoding import position_angles

if TYPE_CHECKING:
    from .arrays import Float


class RotaryEmbeddingCache(NamedTuple):
    cos: Float[Array, "time pairs"]
    sin: Float[Array, "time pairs"]


def rotary_embedding(
    x: Float[Array, "*batch time features"], start: int = 0, base: float = 10000.0
) -> tuple[Float[Array, "*batch time features"], RotaryEmbeddingCache]:
    """x with every pair of features turned by its position: start, start + 1, ...

    start: the position of the first step, where a sequence comes in pieces. Raises ValueError for an odd
    number of features, less than two axes, or a negative start.
    """
    angles = position_angles("rotary_embedding", x, start, base)       # (time, features / 2)
    if x.shape[-1] % 2:
        raise ValueError(f"rotary_embedding turns pairs of features, got {describe('input', x)}")
    cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    return _rotated(x, cos, sin), RotaryEmbeddingCache(cos, sin)


def rotary_embedding_backward(
    dy: Float[Array, "*batch time features"], cache: RotaryEmbeddingCache
) -> Float[Array, "*batch time features"]:
    """The rotation by the opposite angle: cos(-a) = cos(a), sin(-a) = -sin(a)."""
    cos, sin = cache
    return _rotated(dy, cos, -sin)


def _rotated(x: Array, cos: Array, sin: Array) -> Float[Array, "*batch time features"]:
    first, second = x[..., 0::2], x[..., 1::2]             # (..., time, features / 2) each
    y = np.empty_like(x)
    y[..., 0::2] = first * cos - second * sin
    y[..., 1::2] = first * sin + second * cos
    return y
