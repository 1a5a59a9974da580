"""The twin of layer_norm: each row is read while it is in the cache, and all of its numbers at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array

from .plain import compact, rows, upstream, worth_compiling


class CompiledLayerNormCache(NamedTuple):
    normalized: Array  # x̂, in x's shape
    rstd: Array  # (rows,)
    weight: Array | None
    bias: Array | None


def layer_norm(
    x: Array, weight: Array | None = None, bias: Array | None = None,
    normalized_axes: int | None = None, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """As chainrule.functions.layer_norm, over the last axis alone. NotImplemented where it does not apply;
    mistakes are left to the reference, which names them.
    """
    if not worth_compiling(x, weight, bias) or normalized_axes not in (None, 1) or x.ndim < 2:
        return NotImplemented
    features = x.shape[-1:]
    if any(array is not None and array.shape != features for array in (weight, bias)):
        return NotImplemented
    from .layer_norm_loops import layer_norm_forward

    x_rows = rows(x)
    y, normalized, rstd = np.empty_like(x_rows), np.empty_like(x_rows), np.empty(len(x_rows), np.float32)
    gamma = np.ones(features, np.float32) if weight is None else compact(weight)
    beta = np.zeros(features, np.float32) if bias is None else compact(bias)
    layer_norm_forward(x_rows, gamma, beta, np.float32(eps), y, normalized, rstd)
    return y.reshape(x.shape), CompiledLayerNormCache(normalized.reshape(x.shape), rstd, weight, bias)


def layer_norm_backward(dy: Array, cache: CompiledLayerNormCache) -> tuple[Array, Array | None, Array | None]:
    """As chainrule.functions.layer_norm_backward."""
    from .layer_norm_loops import layer_norm_backward as loops

    normalized, rstd, weight, bias = cache
    features = normalized.shape[-1:]
    gamma = np.ones(features, np.float32) if weight is None else compact(weight)
    dy_rows, dx = rows(upstream(dy)), np.empty_like(rows(normalized))
    dgamma, dbeta = np.zeros(features, np.float32), np.zeros(features, np.float32)
    loops(dy_rows, rows(normalized), rstd, gamma, dx, dgamma, dbeta)
    dweight, dbias = None if weight is None else dgamma, None if bias is None else dbeta
    return dx.reshape(dy.shape), dweight, dbias
