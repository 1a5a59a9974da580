"""The twin of scaled_dot_product_attention: one sample and one head at a time, in the first-level cache."""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array

from .dropout import fits, threshold
from .plain import are_plain, compact, upstream, worth_compiling


class CompiledAttentionCache(NamedTuple):
    query: Array  # (batch, heads, target, d_k)
    key: Array
    value: Array
    weights: Array  # (batch, heads, target, source): after the softmax
    kept: Array | None  # 0 or 1: what passed the dropout
    dropout_scale: np.float32  # 1 / (1 - p)
    scale: np.float32

    @property
    def dropped(self) -> Array:
        """The weights after dropout."""
        if self.kept is None:
            return self.weights
        dropped: Array = self.weights * (self.kept * self.dropout_scale)
        return dropped


def scaled_dot_product_attention(
    query: Array, key: Array, value: Array, mask: Array | None = None, dropout_keys: Array | None = None,
    *, dropout_p: float = 0.0, causal: bool = False, scale: float | None = None,
) -> Any:  # fmt: skip
    """As chainrule.functions.scaled_dot_product_attention, with the axes (batch, heads) in front.
    NotImplemented where it does not apply; mistakes are left to the reference, which names them.
    """
    if not worth_compiling(query, key, value) or not (query.ndim == key.ndim == value.ndim == 4):
        return NotImplemented
    batch, heads, target, d_k = query.shape
    source, d_v = key.shape[2], value.shape[3]
    if key.shape != (batch, heads, source, d_k) or value.shape != (batch, heads, source, d_v):
        return NotImplemented
    if 0 in (source, d_v) or (causal and target > source):
        return NotImplemented
    if dropout_p > 0 and not fits(dropout_p, dropout_keys, query):
        return NotImplemented
    masks = _masks(mask, (batch, heads, target, source))
    if masks is None:
        return NotImplemented
    from .attention_loops import attention_forward

    weights = np.empty((batch, heads, target, source), np.float32)
    kept = np.empty(weights.shape if dropout_p > 0 else (0, 0, 0, 0), np.uint8)
    keys = compact(dropout_keys) if dropout_p > 0 and dropout_keys is not None else np.empty(0, np.uint64)
    dropout_scale = np.float32(1 / (1 - dropout_p) if dropout_p < 1 else 0)
    factor = np.float32(1 / sqrt(d_k) if scale is None else scale)
    context = np.empty((batch, target, heads, d_v), np.float32)
    attention_forward(
        heads_last(query), heads_last(key), heads_last(value), factor, *masks, bool(causal),
        keys, threshold(dropout_p), dropout_scale, weights, kept, context,
    )  # fmt: skip
    cache = CompiledAttentionCache(
        query, key, value, weights, kept if dropout_p > 0 else None, dropout_scale, factor
    )
    return context.swapaxes(1, 2), cache


def scaled_dot_product_attention_backward(
    dcontext: Array, cache: CompiledAttentionCache
) -> tuple[Array, Array, Array, None, None]:
    """As chainrule.functions.scaled_dot_product_attention_backward."""
    from .attention_loops import attention_backward as loops

    query, key, value, weights, kept, dropout_scale, scale = cache
    q, k, v = heads_last(query), heads_last(key), heads_last(value)
    dq, dk, dv = np.empty_like(q), np.empty_like(k), np.empty_like(v)
    kept = np.empty((0, 0, 0, 0), np.uint8) if kept is None else kept
    loops(heads_last(upstream(dcontext)), q, k, v, weights, kept, dropout_scale, scale, dq, dk, dv)
    return dq.swapaxes(1, 2), dk.swapaxes(1, 2), dv.swapaxes(1, 2), None, None


def heads_last(x: Array) -> Array:
    """(batch, heads, time, features) -> (batch, time, heads, features): as linear layers put it out."""
    return compact(x.swapaxes(1, 2))


def _masks(mask: Array | None, shape: tuple[int, ...]) -> tuple[Array, Array] | None:
    """(allowed, added), each with four axes, of the scores' size or 1; added without any entries if there is
    nothing to add. None: the mask does not fit.
    """
    nothing = np.empty((0, 0, 0, 0), np.float32)
    if mask is None:
        return np.ones((1, 1, 1, 1), np.bool_), nothing
    if type(mask) is not np.ndarray or mask.ndim > 4 or not (mask.dtype == np.bool_ or are_plain(mask)):
        return None
    mask = compact(mask.reshape((1,) * (4 - mask.ndim) + mask.shape))
    if any(size not in (1, full) for size, full in zip(mask.shape, shape, strict=True)):
        return None
    if mask.dtype == np.bool_:
        return mask, nothing
    return (mask > -np.inf, mask) if (mask < np.inf).all() else None
