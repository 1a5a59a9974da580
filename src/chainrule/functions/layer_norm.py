"""Layer normalization: every sample (every token) gets mean 0 and variance 1 over its own features.

    x̂ = (x - μ) / √(σ² + ε),     y = γ x̂ + β          γ: weight, β: bias, one number per feature

**What is the difference to batch norm?** The axis. Batch norm asks how a feature varies over the batch; layer
norm, how the features of one sample vary among each other. So it knows no batch: it does the same in training
and in evaluation, keeps no running statistics, and works for a batch of one and for sequences of any length.
That is why transformers have it.

Usually one axis is normalized, the last. With `normalized_axes` = n it is the last n together, as one long
vector (PyTorch's normalized_shape): then γ and β have their shape.

**Backward.** γ and β met every sample, so their gradients are sums over all samples. For x the derivation is
batch norm's, with the mean over the features in place of the one over the batch: x moves y directly, through
μ, and through σ²,

    dx = rstd · (dx̂ - mean(dx̂) - x̂ · mean(dx̂ x̂)),     dx̂ = γ dy,  rstd = 1/√(σ² + ε)

A gradient of ones is a vacuous test for it: without γ the sum of x̂ is always 0, and so is dx.

(Ba, Kiros and Hinton 2016, equations 3 and 4.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array, describe

if TYPE_CHECKING:
    from .arrays import Float


class LayerNormCache(NamedTuple):
    normalized: Float[Array, "*batch_and_features"]  # x̂
    rstd: Float[Array, "*batch_and_ones"]
    weight: Float[Array, "*features"] | None
    bias: Float[Array, "*features"] | None
    normalized_axes: int


def layer_norm(
    x: Float[Array, "*batch_and_features"],
    weight: Float[Array, "*features"] | None = None,
    bias: Float[Array, "*features"] | None = None,
    normalized_axes: int | None = None,
    eps: float = 1e-5,
) -> tuple[Float[Array, "*batch_and_features"], LayerNormCache]:
    """Normalizes over the last `normalized_axes` axes: by default as many as weight (or bias) has, else one.

    Raises ValueError if weight or bias does not have the shape of these axes.
    """
    given = weight if weight is not None else bias
    if normalized_axes is None:
        normalized_axes = 1 if given is None else given.ndim
    _check(x, weight, bias, normalized_axes)
    axes = tuple(range(-normalized_axes, 0))
    mean = x.mean(axes, keepdims=True)                     # (..., 1)
    centered = x - mean                                    # (..., features)
    rstd = (np.square(centered).mean(axes, keepdims=True) + eps) ** -0.5
    normalized = centered * rstd
    y = normalized
    if weight is not None:
        y = y * weight
    if bias is not None:
        y = y + bias
    return y, LayerNormCache(normalized, rstd, weight, bias, normalized_axes)


def layer_norm_backward(
    dy: Float[Array, "*batch_and_features"], cache: LayerNormCache
) -> tuple[
    Float[Array, "*batch_and_features"],
    Float[Array, "*features"] | None,
    Float[Array, "*features"] | None,
]:
    """Returns (dx, dweight, dbias); dweight and dbias are None where forward had none."""
    normalized, rstd, weight, bias, normalized_axes = cache
    batch_axes = tuple(range(dy.ndim - normalized_axes))
    axes = tuple(range(-normalized_axes, 0))
    dbias = None if bias is None else dy.sum(batch_axes)                       # y = ... + bias
    dweight = None if weight is None else (dy * normalized).sum(batch_axes)    # y = normalized * weight ...
    dnormalized = dy if weight is None else dy * weight
    # x moves y three ways: directly, through the mean, and through the variance
    through_mean = dnormalized.mean(axes, keepdims=True)                       # (..., 1)
    through_var = normalized * (dnormalized * normalized).mean(axes, keepdims=True)
    dx = rstd * (dnormalized - through_mean - through_var)
    return dx, dweight, dbias


def _check(x: Array, weight: Array | None, bias: Array | None, normalized_axes: int) -> None:
    if not 1 <= normalized_axes <= x.ndim:
        raise ValueError(
            f"layer_norm: normalized_axes must be from 1 to {x.ndim}, the axes of {describe('input', x)}, "
            f"got {normalized_axes}"
        )
    features = tuple(x.shape[x.ndim - normalized_axes :])
    if 0 in features:
        raise ValueError(f"layer_norm: there is nothing to normalize: {describe('input', x)}")
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.shape != features:
            raise ValueError(
                f"layer_norm expects a {name} of the shape of the last {normalized_axes} axes, {features}, "
                f"got {tuple(array.shape)}: {describe('input', x)}"
            )
