"""The compiled part of attention's twin.

Queries, keys and values come as linear layers put them out, (batch, time, heads, features); what belongs to
one head is copied into small arrays without gaps, which the matrix product needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiler import compiled
from .dropout_loops import drop, dropout_backward
from .elementary import EXACT, ONE, ZERO, exp
from .product import add_product, pack
from .sums import SUMS, largest

FORBIDDEN = np.float32(-np.inf)


@compiled()
def attention_forward(
    query: Any, key: Any, value: Any, scale: Any, allowed: Any, added: Any, causal: bool,
    dropout_keys: Any, threshold: Any, dropout_scale: Any, weights: Any, kept: Any, context: Any,
) -> None:  # fmt: skip
    """Fills weights and kept (batch, heads, target, source), context (batch, target, heads, d_v).

    allowed, added: axes of size 1 are for all. No entries in added, dropout_keys: nothing to add or drop.
    """
    batch, target, heads, d_v = context.shape
    source = key.shape[1]
    scores, dropped = np.empty((target, source), np.float32), np.empty((target, source), np.float32)
    head_context = np.empty((target, d_v), np.float32)
    for b in range(batch):
        counter = dropout_keys[b] if len(dropout_keys) else np.uint64(0)
        for h in range(heads):
            scores[:] = ZERO
            add_product(query[b, :, h].copy(), pack(key[b, :, h].T), scores)
            for t in range(target):
                row = scores[t]
                may = allowed[b % len(allowed), h % allowed.shape[1], t % allowed.shape[2]]
                if len(added):
                    more = added[b % len(added), h % added.shape[1], t % added.shape[2]]
                else:
                    more = row[:0]
                _scale(row, scale, more)
                any_allowed = _forbid(row, may, t + source - target if causal else source)
                _softmax(row, any_allowed, weights[b, h, t])
            if len(dropout_keys):
                counter = drop(
                    weights[b, h].reshape(-1), counter, threshold, dropout_scale,
                    dropped.reshape(-1), kept[b, h].reshape(-1),
                )  # fmt: skip
            else:
                _copy(weights[b, h], dropped)
            head_context[:] = ZERO
            add_product(dropped, pack(value[b, :, h]), head_context)
            _copy(head_context, context[b, :, h])


@compiled()
def attention_backward(
    dcontext: Any, query: Any, key: Any, value: Any, weights: Any, kept: Any, dropout_scale: Any,
    scale: Any, dquery: Any, dkey: Any, dvalue: Any,
) -> None:  # fmt: skip
    """Fills dquery, dkey and dvalue, each (batch, time, heads, features)."""
    batch, heads, target, source = weights.shape
    dweights, transposed = np.empty((target, source), np.float32), np.empty((source, target), np.float32)
    dq = np.empty((target, query.shape[3]), np.float32)
    dk = np.empty((source, key.shape[3]), np.float32)
    dv = np.empty((source, value.shape[3]), np.float32)
    dropped = np.empty((target, source), np.float32)
    for b in range(batch):
        for h in range(heads):
            w = weights[b, h]
            dcontext_h = dcontext[b, :, h].copy()
            _copy(w, dropped)
            dweights[:] = ZERO
            add_product(dcontext_h, pack(value[b, :, h].T), dweights)
            if len(kept):
                passed = kept[b, h].reshape(-1)
                dropout_backward(w.reshape(-1), passed, dropout_scale, dropped.reshape(-1))
                dropout_backward(dweights.reshape(-1), passed, dropout_scale, dweights.reshape(-1))
            # context = dropped @ value
            _copy(dropped.T, transposed)
            dv[:] = ZERO
            add_product(transposed, pack(dcontext_h), dv)
            for t in range(target):  # dweights becomes dscores
                _softmax_backward(dweights[t], w[t], _dot(dweights[t], w[t]), scale)
            # scores = query @ keyᵀ
            dq[:] = ZERO
            add_product(dweights, pack(key[b, :, h]), dq)
            _copy(dweights.T, transposed)
            dk[:] = ZERO
            add_product(transposed, pack(query[b, :, h]), dk)
            _copy(dq, dquery[b, :, h])
            _copy(dk, dkey[b, :, h])
            _copy(dv, dvalue[b, :, h])


@compiled()
def _copy(x: Any, y: Any) -> None:
    """y[:] = x; this, in Numba, would compile the text of an error message, which takes five seconds."""
    for i in range(len(y)):
        for j in range(y.shape[1]):
            y[i, j] = x[i, j]


@compiled(**EXACT)
def _scale(scores: Any, scale: Any, added: Any) -> None:
    for s in range(len(scores)):
        scores[s] *= scale
    if len(added) == 1:
        for s in range(len(scores)):
            scores[s] += added[0]
    elif len(added):
        for s in range(len(scores)):
            scores[s] += added[s]


@compiled()
def _forbid(scores: Any, allowed: Any, last: int) -> bool:
    """A score of -∞ where the mask says so, and behind the last key; is anything allowed?"""
    found = False
    step = 0 if len(allowed) == 1 else 1
    for s in range(len(scores)):
        may = s <= last and allowed[s * step]
        scores[s] = scores[s] if may else FORBIDDEN
        found |= may
    return found


@compiled(**EXACT)
def _softmax(scores: Any, any_allowed: bool, weights: Any) -> None:
    if not any_allowed:
        weights[:] = ZERO
        return
    _exponentials(scores, largest(scores), weights)
    factor = ONE / _total(weights)
    for s in range(len(weights)):
        weights[s] *= factor


@compiled(**EXACT)
def _exponentials(scores: Any, top: Any, weights: Any) -> None:
    for s in range(len(scores)):
        weights[s] = exp(scores[s] - top)


@compiled(**SUMS)
def _total(x: Any) -> Any:
    total = ZERO
    for s in range(len(x)):
        total += x[s]
    return total


@compiled(**SUMS)
def _dot(a: Any, b: Any) -> Any:
    total = ZERO
    for s in range(len(a)):
        total += a[s] * b[s]
    return total


@compiled(**EXACT)
def _softmax_backward(dweights: Any, weights: Any, average: Any, scale: Any) -> None:
    """dscores, in place of dweights; times the scale of the products."""
    for s in range(len(weights)):
        dweights[s] = weights[s] * (dweights[s] - average) * scale
