"""The twin of dropout: the same random bits as the reference's, but none of them is written down.

What is kept is one byte per number, whether it passed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array

from .plain import compact, upstream, worth_compiling


class CompiledDropoutCache(NamedTuple):
    kept: Array  # 0 or 1, in x's shape
    scale: np.float32  # 1 / (1 - p)

    @property
    def mask(self) -> Array:
        """0 or 1 / (1 - p)."""
        mask: Array = self.kept * self.scale
        return mask


def dropout(x: Array, p: float, keys: Array) -> Any:
    """As chainrule.functions.dropout; NotImplemented where it does not apply. Mistakes are left to the
    reference, which names them.
    """
    if not worth_compiling(x) or x.ndim < 2 or not fits(p, keys, x):
        return NotImplemented
    from .dropout_loops import dropout_forward

    samples = compact(x.reshape(len(x), -1))
    y, kept = np.empty_like(samples), np.empty(samples.shape, np.uint8)
    scale = np.float32(1 / (1 - p) if p < 1 else 0)
    dropout_forward(samples, compact(keys), threshold(p), scale, y, kept)
    return y.reshape(x.shape), CompiledDropoutCache(kept.reshape(x.shape), scale)


def dropout_backward(dy: Array, cache: CompiledDropoutCache) -> tuple[Array, None]:
    """As chainrule.functions.dropout_backward."""
    from .dropout_loops import dropout_backward as loops

    kept, scale = cache
    given = upstream(dy).reshape(-1)
    dx = np.empty_like(given)
    loops(given, kept.reshape(-1), scale, dx)
    return dx.reshape(dy.shape), None


def fits(p: float, keys: Any, x: Array) -> bool:
    """A probability, and one key per sample."""
    return 0 <= p <= 1 and type(keys) is np.ndarray and keys.dtype == np.uint64 and keys.shape == x.shape[:1]


def threshold(p: float) -> np.int64:
    """Of the 2³² upper halves of random bits, so many mean "drop"."""
    return np.int64(p * 2.0**32)
