"""Dropout: while training, every number is set to 0 with probability p; the others grow by 1 / (1 - p).

    y = x · mask,   mask = 1 / (1 - p) with probability 1 - p, else 0          dx = dy · mask

**Is a mask drawn once, per epoch or per batch?** At every forward, and for every sample of the batch anew:
each sample goes through a network thinned in its own way (Srivastava et al. 2014, sections 4 and 5.1). One
mask kept for an epoch, or for the whole training, would simply be a smaller network: `chainrule lab dropout`
shows what each does.

**What happens at evaluation?** Nothing: all numbers pass unchanged. That is right because E[mask] = 1: what
the next layer receives is, on average, what it will receive at evaluation. (The paper scales the weights by 1
- p at evaluation instead; scaling by 1 / (1 - p) while training is the same, moved to where it costs nothing
later: "inverted dropout".)

**Backward uses forward's mask.** What was dropped did not move the output. A mask drawn anew in backward
would be the gradient of another network; hence the mask is in the cache.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from .arrays import Array
from .random import random_bits

if TYPE_CHECKING:
    from .arrays import Float, UInt64


class DropoutCache(NamedTuple):
    mask: Float[Array, "batch *features"]  # 0 or 1 / (1 - p)


def dropout(
    x: Float[Array, "batch *features"], p: float, keys: UInt64[Array, " batch"]
) -> tuple[Float[Array, "batch *features"], DropoutCache]:
    """Drops numbers of x with probability p, 0 <= p <= 1. Each sample n draws its mask from its own stream,
    keys[n].

    A sample thus meets the same mask however a batch is cut into parts. Raises ValueError for a p outside [0,
    1], or unless there is one key per sample.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p is the probability to drop a number, from 0 to 1, got {p}")
    if keys.shape != x.shape[:1]:
        raise ValueError(f"dropout expects one key per sample, {x.shape[:1]}, got {keys.shape}")
    bits = random_bits(keys, prod(x.shape[1:])).reshape(x.shape)
    threshold = int(p * 2.0**32)                           # of the 2³² upper halves, so many mean "drop"
    kept = bits >> bits.dtype.type(32) >= threshold        # (batch, ...), true with probability 1 - p
    mask = kept * x.dtype.type(1 / (1 - p) if p < 1 else 0)
    return x * mask, DropoutCache(mask)


def dropout_backward(
    dy: Float[Array, "batch *features"], cache: DropoutCache
) -> tuple[Float[Array, "batch *features"], None]:
    """Returns (dx, None): keys have no gradient."""
    return dy * cache.mask, None
