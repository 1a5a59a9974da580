"""Batch normalization: every channel gets mean 0 and variance 1 over the batch, then a learned scale.

    x̂ = (x - μ) / √(σ² + ε),     y = γ x̂ + β          γ: weight, β: bias, one number per channel

For an image (batch, channels, height, width), μ and σ² of a channel are taken over the batch *and* all
places, because a convolution treats all places alike: m = batch · height · width numbers. σ² is the biased
variance, Σ (x - μ)² / m.

**Why scale and shift after all that?** Otherwise a layer could only ever put out mean 0 and variance 1; with
γ and β it can choose any other. And a bias right before a batch norm does nothing: the mean takes it away
again.

**Backward, normalizing by the batch.** dβ = Σ dy, dγ = Σ dy x̂ (sums over the m numbers of a channel) and dx̂
= γ dy. But μ and σ² are made of x, too: *one number moves the whole channel*. So x moves y three ways:
directly, through the mean, and through the variance. With rstd = 1/√(σ² + ε) and centered = x - μ:

    directly              dx̂ · rstd
    through μ             -1/m Σ dx̂ · rstd                                        (∂μ/∂x = 1/m)
    through σ²            (Σ dx̂ · centered) · (-½ rstd³) · (2/m · centered)       (∂σ²/∂x = 2/m · centered)
                          = -rstd · x̂ · 1/m Σ dx̂ x̂

(σ² is made of μ, too, but that way adds nothing: ∂σ²/∂μ = -2/m Σ centered = 0.)

    dx = rstd · (dx̂ - mean(dx̂) - x̂ · mean(dx̂ x̂))

A backward that treats μ and σ² as constants runs and learns something, but it is the gradient of another
function: it keeps pushing x in the two directions (a shift, a stretch) that forward cancels.

**Evaluation: running_mean and running_var given.** One sample's answer should not depend on its neighbors, so
the statistics of training take the place of the batch's. They *are* constants, and backward is a plain scale:
dx = dx̂ rstd.

**Why does a batch of one fail?** Then x = μ, and x̂ = 0 whatever x is. (With places, a single image is
enough.)

(Ioffe and Szegedy 2015: algorithm 1 and the gradients below it; section 3.2 for convolutions; algorithm 2 for
evaluation.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array, describe
from .windows import IMAGE_AXES

if TYPE_CHECKING:
    from .arrays import Float

AXES = {2: ("batch", "channels"), 3: ("batch", "channels", "length"), 4: IMAGE_AXES}


class BatchNormCache(NamedTuple):
    normalized: Float[Array, "batch channels *rest"]  # x̂
    rstd: Float[Array, " channels"]
    weight: Float[Array, " channels"] | None
    bias: Float[Array, " channels"] | None
    by_batch: bool  # were mean and variance those of the batch?
    mean: Float[Array, " channels"]
    var: Float[Array, " channels"]  # biased, or running_var
    m: int  # how many numbers each mean is of


def batch_norm(
    x: Float[Array, "batch channels *rest"],
    weight: Float[Array, " channels"] | None = None,
    bias: Float[Array, " channels"] | None = None,
    running_mean: Float[Array, " channels"] | None = None,
    running_var: Float[Array, " channels"] | None = None,
    eps: float = 1e-5,
) -> tuple[Float[Array, "batch channels *rest"], BatchNormCache]:
    """Normalizes every channel: by the batch's statistics, or by running ones where they are given.

    Channels stand on axis 1: (batch, channels), (batch, channels, length) or (batch, channels, height,
    width). Nothing is written into running_mean and running_var; the cache holds mean, var (biased) and m for
    whoever keeps them.

    Raises ValueError if shapes do not fit, or if the batch has to give the statistics and has one value per
    channel only.
    """
    _check(x, weight, bias, running_mean, running_var)
    by_batch = running_mean is None
    mean = _mean(x) if running_mean is None else running_mean          # (channels,)
    centered = x - _on_axis_1(mean, x.ndim)                            # (batch, channels, ...)
    var = _mean(np.square(centered)) if running_var is None else running_var
    rstd = (var + eps) ** -0.5                                         # (channels,)
    normalized = centered * _on_axis_1(rstd, x.ndim)
    y = normalized
    if weight is not None:
        y = y * _on_axis_1(weight, x.ndim)
    if bias is not None:
        y = y + _on_axis_1(bias, x.ndim)
    m = x.size // x.shape[1]
    return y, BatchNormCache(normalized, rstd, weight, bias, by_batch, mean, var, m)


def batch_norm_backward(
    dy: Float[Array, "batch channels *rest"], cache: BatchNormCache
) -> tuple[
    Float[Array, "batch channels *rest"],
    Float[Array, " channels"] | None,
    Float[Array, " channels"] | None,
    None,
    None,
]:
    """Returns (dx, dweight, dbias, None, None): running statistics have no gradient."""
    normalized, weight, bias = cache.normalized, cache.weight, cache.bias
    rstd = _on_axis_1(cache.rstd, dy.ndim)
    axes = (0, *range(2, dy.ndim))

    dbias = None if bias is None else dy.sum(axes)                             # y = ... + bias
    dweight = None if weight is None else (dy * normalized).sum(axes)          # y = normalized * weight ...
    dnormalized = dy if weight is None else dy * _on_axis_1(weight, dy.ndim)
    if cache.by_batch:
        # x moves y three ways: directly, through the mean, and through the variance
        through_mean = dnormalized.mean(axes, keepdims=True)                   # (1, channels, 1, ...)
        through_var = normalized * (dnormalized * normalized).mean(axes, keepdims=True)
        dx = rstd * (dnormalized - through_mean - through_var)
    else:
        dx = rstd * dnormalized                                                # the statistics were constants
    return dx, dweight, dbias, None, None


def _mean(x: Array) -> Array:
    """(batch, channels, ...) -> (channels,). Places, then samples: short sums round less than a long one."""
    places = tuple(range(2, x.ndim))
    mean: Array = x.mean(places).mean(0) if places else x.mean(0)
    return mean


def _on_axis_1(per_channel: Array, ndim: int) -> Array:
    """(channels,) -> (channels, 1, ...), so that it meets axis 1 of x."""
    return per_channel.reshape(-1, *[1] * (ndim - 2))


def _check(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
) -> None:
    shape = describe("input", x, AXES.get(x.ndim, ()))
    if x.ndim < 2:
        raise ValueError(f"batch_norm expects (batch, channels, ...), got {x.ndim}-D: {shape}")
    if x.size == 0:
        raise ValueError(f"batch_norm: the batch is empty: {shape}")
    channels = x.shape[1]
    given = {"weight": weight, "bias": bias, "running_mean": running_mean, "running_var": running_var}
    for name, array in given.items():
        if array is not None and array.shape != (channels,):
            raise ValueError(
                f"batch_norm expects one {name} per channel, ({channels},), got {tuple(array.shape)}: {shape}"
            )
    if (running_mean is None) != (running_var is None):
        lone, missing = ("running_mean", "running_var")[:: 1 if running_var is None else -1]
        raise ValueError(
            f"batch_norm needs running_mean and running_var, or neither: got {lone} without {missing}"
        )
    if running_mean is None and x.size == channels:
        raise ValueError(
            f"batch_norm needs more than 1 value per channel to normalize by the batch, got {shape}: one "
            "value is its own mean, and the output would be 0 whatever the input"
        )
