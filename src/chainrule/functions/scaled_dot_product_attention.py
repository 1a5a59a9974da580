"""Scaled dot-product attention: a query compares itself with all keys, and takes home a mean of the values.

    scores  = Q Kᵀ / √d_k            scores[t, s]: how well key s answers query t
    weights = softmax(scores)        each row is positive and sums to 1
    context = weights V              context[t] = Σₛ weights[t, s] value[s]

for target position t and source position s. (Vaswani et al. 2017, section 3.2.1, equation 1.)

**Where do query, key and value come from?** Each is a linear layer's view of a sequence (MultiheadAttention
has the layers). In self-attention all three are views of one sequence: a position asks, and all positions of
its own sequence answer. In the decoder's second attention the target asks and the encoder's output, the
memory, answers: query from the one, key and value from the other. Below the first layer that sequence is the
embedded ids plus their positions.

**Why are d_k and d_v two names?** A query is multiplied by keys, feature by feature, so these two need one
size, d_k. Values are compared with nothing, only averaged: their size d_v is free, and it is the output's.
The paper has d_k = d_v = 64; with equal numbers a confusion of the two stays hidden.

**Why divide by √d_k?** If the numbers in q and k are independent, with mean 0 and variance 1, then q · k is a
sum of d_k products and has the variance d_k (the paper's footnote 4). With d_k = 64 scores would differ by 8
and more; the softmax would give nearly all to one key, and p (1 - p), its gradient, would be about 0.

**Masks** say who may look at whom; they broadcast to (..., target, source). Boolean: True means "may attend".
Floating point: it is added to the scores, and -∞ forbids. (This is PyTorch's polarity for this function;
its MultiheadAttention has the opposite one.) causal=True lets a position see itself and what stands before
it. A forbidden score is -∞ and its weight 0. A query that may attend to nothing has nothing to average: its
weights, its context and its gradients are 0. (Padding may hold any finite numbers, but not NaN: 0 · NaN is
NaN.)

**Dropout** falls on the weights, after the softmax: a key is overlooked, and the others count a little more.

**Backward.** Two matrix products with a softmax between them. From the last line to the first:

    dvalue   = weightsᵀ dcontext      value[s] went to every t, with the factor weights[t, s]
    dweights = dcontext valueᵀ        weights[t, s] went to context[t], feature by feature, times value[s]
    dscores  = softmax backward       along each row; where a weight is 0, as under a mask, it is 0
    dquery   = dscores key / √d_k     query[t] met every key,
    dkey     = dscoresᵀ query / √d_k  and key[s] every query: it adds up over t

In self-attention these three gradients go back through their linear layers to *one* sequence, and add up.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array, describe
from .dropout import DropoutCache, dropout, dropout_backward
from .softmax import SoftmaxCache, softmax, softmax_backward

if TYPE_CHECKING:
    from .arrays import Bool, Float, UInt64


class ScaledDotProductAttentionCache(NamedTuple):
    query: Float[Array, "*batch target d_k"]
    key: Float[Array, "*batch source d_k"]
    value: Float[Array, "*batch source d_v"]
    weights: Float[Array, "*batch target source"]  # after the softmax
    dropped: Float[Array, "*batch target source"]  # the weights after dropout
    dropout: DropoutCache | None
    scale: float


def scaled_dot_product_attention(
    query: Float[Array, "*batch target d_k"],
    key: Float[Array, "*batch source d_k"],
    value: Float[Array, "*batch source d_v"],
    mask: Bool[Array, "*batch target source"] | Float[Array, "*batch target source"] | None = None,
    dropout_keys: UInt64[Array, " batch"] | None = None,
    *,
    dropout_p: float = 0.0,
    causal: bool = False,
    scale: float | None = None,
) -> tuple[Float[Array, "*batch target d_v"], ScaledDotProductAttentionCache]:
    """Returns context, cache; the weights are in the cache. `*batch` is usually (batch, heads).

    mask: True = may attend, or a number to be added to the score; any shape that broadcasts to (*batch,
    target, source), such as (batch, 1, 1, source) for padding.
    causal: query t sees keys 0 to t. Where there are more keys than queries, the queries are the *last*
    positions (the first keys were kept from earlier calls): query t then sees keys 0 to t + source - target.
    (PyTorch's is_causal counts from the first key there.) Together with a mask, both must allow it.
    scale: in place of 1 / √d_k.
    dropout_p: the probability to drop a weight; it needs dropout_keys, one per sample, as in dropout.

    Raises ValueError for shapes that do not fit, for NaN or +inf in a mask that is added, and a dropout_p
    that is no probability; TypeError for mixed dtypes.
    """
    _check(query, key, value, mask, causal)
    if not 0 <= dropout_p <= 1:
        raise ValueError(f"scaled_dot_product_attention: dropout_p is from 0 to 1, got {dropout_p}")
    scale = 1 / sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ key.swapaxes(-1, -2) * scale          # (..., target, source)
    allowed = _allowed(mask, scores, causal)               # broadcasts to the scores
    if mask is not None and mask.dtype.kind == "f":
        scores = scores + mask
    if allowed is None:
        weights, _ = softmax(scores)
    else:
        weights = _softmax_where(allowed, scores)          # (..., target, source)
    dropped, dropout_cache = weights, None
    if dropout_p > 0:
        if dropout_keys is None:
            raise ValueError("scaled_dot_product_attention: dropout_p > 0 needs dropout_keys, one per sample")
        dropped, dropout_cache = dropout(weights, dropout_p, dropout_keys)
    context = dropped @ value                              # (..., target, d_v)
    cache = ScaledDotProductAttentionCache(query, key, value, weights, dropped, dropout_cache, scale)
    return context, cache


def scaled_dot_product_attention_backward(
    dcontext: Float[Array, "*batch target d_v"], cache: ScaledDotProductAttentionCache
) -> tuple[
    Float[Array, "*batch target d_k"],
    Float[Array, "*batch source d_k"],
    Float[Array, "*batch source d_v"],
    None,
    None,
]:
    """Returns (dquery, dkey, dvalue, None, None): mask and keys of the dropout have no gradient."""
    query, key, value, weights, dropped, dropout_cache, scale = cache
    dvalue = dropped.swapaxes(-1, -2) @ dcontext           # (..., source, d_v)     context = dropped @ value
    dweights = dcontext @ value.swapaxes(-1, -2)           # (..., target, source)
    if dropout_cache is not None:
        dweights, _ = dropout_backward(dweights, dropout_cache)
    dscores = softmax_backward(dweights, SoftmaxCache(weights, -1))
    dproducts = dscores * scale                            # scores = query @ keyᵀ * scale
    dquery = dproducts @ key                               # (..., target, d_k)
    dkey = dproducts.swapaxes(-1, -2) @ query              # (..., source, d_k)
    return dquery, dkey, dvalue, None, None


def _allowed(mask: Array | None, scores: Array, causal: bool) -> Bool[Array, "..."] | None:
    """Which query may attend to which key, from the mask and the order; None: all to all."""
    allowed: Array | None = None
    if mask is not None:
        allowed = mask > -np.inf if mask.dtype.kind == "f" else mask
    target, source = scores.shape[-2:]
    if causal and target > 1:                              # a single query is the last: it sees all
        t = np.arange(source - target, source, like=scores)    # the queries are the last positions
        s = np.arange(source, like=scores)
        not_later = s <= t[:, None]                            # (target, source)
        allowed = not_later if allowed is None else allowed & not_later
    return allowed


def _softmax_where(allowed: Array, scores: Array) -> Float[Array, "*batch target source"]:
    """The softmax over the allowed keys of each row. A row without any gets weights of 0."""
    nothing = ~allowed.any(-1, keepdims=True)              # (..., target or 1, 1)
    forbidden = np.where(nothing, 0, -np.inf).astype(scores.dtype)  # 0: so that the softmax has a maximum
    weights, _ = softmax(np.where(allowed, scores, forbidden))
    return np.where(nothing, 0, weights) if nothing.any() else weights


def _check(query: Array, key: Array, value: Array, mask: Array | None, causal: bool) -> None:
    name = "scaled_dot_product_attention"
    least = min(query.ndim, key.ndim, value.ndim)
    if least < 2 or not query.shape[:-2] == key.shape[:-2] == value.shape[:-2]:
        raise ValueError(
            f"{name} expects query (..., target, d_k), key (..., source, d_k) and value (..., source, d_v) "
            f"with the same axes in front: {_shapes(query, key, value)}"
        )
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"{name}: query and key are compared feature by feature, so both need d_k features, got "
            f"{query.shape[-1]} and {key.shape[-1]}: {_shapes(query, key, value)}"
        )
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(
            f"{name}: each key has one value, got {key.shape[-2]} keys and {value.shape[-2]} values: "
            f"{_shapes(query, key, value)}"
        )
    if 0 in (*query.shape[-2:], *value.shape[-2:]):
        raise ValueError(f"{name}: there is nothing to attend to: {_shapes(query, key, value)}")
    if causal and query.shape[-2] > key.shape[-2]:
        raise ValueError(
            f"{name}: causal=True takes the queries for the last of the key positions, but there are "
            f"{query.shape[-2]} queries and {key.shape[-2]} keys: {_shapes(query, key, value)}"
        )
    if not query.dtype == key.dtype == value.dtype:
        dtypes = f"{query.dtype}, {key.dtype} and {value.dtype}"
        raise TypeError(
            f"{name} expects query, key and value of one dtype, got {dtypes}: {_shapes(query, key, value)}"
        )
    if mask is not None:
        _check_mask(name, mask, query, (*query.shape[:-1], key.shape[-2]))


def _shapes(query: Array, key: Array, value: Array) -> str:
    return f"{describe('query', query)}, {describe('key', key)}, {describe('value', value)}"


def _check_mask(name: str, mask: Array, query: Array, shape: tuple[int, ...]) -> None:
    """Raises TypeError unless a mask is boolean or of the query's dtype, ValueError unless it broadcasts."""
    if mask.dtype.kind != "b" and mask.dtype != query.dtype:
        raise TypeError(
            f"{name} expects a mask of booleans, or one to be added, of the query's dtype {query.dtype}, got "
            f"{mask.dtype}: convert it with mask.astype(bool) or mask.astype(\"{query.dtype}\")"
        )
    fits = mask.ndim <= len(shape) and all(
        size in (1, full) for size, full in zip(mask.shape[::-1], shape[::-1], strict=False)
    )
    if not fits:
        raise ValueError(
            f"{name}: {describe('mask', mask)} does not broadcast to the scores (..., target, source) {shape}"
        )
    if mask.dtype.kind == "f" and not (mask < np.inf).all():
        raise ValueError(f"{name}: a mask that is added holds numbers or -inf, got NaN or +inf")
