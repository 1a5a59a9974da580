"""Batch normalization as layers, and what becomes of the running statistics.

While training, the batch's own mean and variance are used; at evaluation, running averages of them. Where are those updated? Not in
forward: a forward that writes on its layer cannot be repeated, recorded or run by two threads. They go the way of the gradients:
backward *adds* the batch's sums (count, Σx, Σx²) to sums that the layer holds, so that the parts of a batch add up to exactly the
statistics of the whole one; and once per step, after the optimizer, `model.update_running_statistics()` lets the running averages
take a step towards them:

    running = (1 - momentum) · running + momentum · batch           the variance of the batch unbiased here, as in PyTorch
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.functions import batch_norm, batch_norm_backward
from chainrule.functions.arrays import Array
from chainrule.functions.batch_norm import BatchNormCache

from .init import ones_
from .layer import Layer
from .new import new_buffer, new_parameter, optional_data
from .parameter import Buffer, Parameter


class BatchSums:
    """Sums over the batches of one step, in float64: how many numbers per channel, their sum, and the sum of their squares."""

    def __init__(self, channels: int) -> None:
        self.count = 0
        self.sum, self.square = np.zeros(channels), np.zeros(channels)

    def add(self, cache: BatchNormCache) -> None:
        mean, var = cache.mean.astype(np.float64), cache.var.astype(np.float64)
        self.count += cache.count
        self.sum += cache.count * mean
        self.square += cache.count * (var + mean * mean)      # E[x²] = var + mean²

    def clear(self) -> None:
        self.count = 0
        self.sum[...] = 0
        self.square[...] = 0

    def mean_and_unbiased_var(self) -> tuple[Array, Array]:
        mean = self.sum / self.count
        return mean, (self.square - self.count * mean * mean) / (self.count - 1)


class _BatchNorm(Layer):
    """weight (γ, begins at 1) and bias (β, begins at 0), both (channels,); buffers running_mean, running_var, num_batches_tracked.

    momentum: the share of the newest batch in the running averages; None: all batches count the same. affine=False: no weight and bias.
    track_running_stats=False: the batch's statistics are used at evaluation, too. See `chainrule.functions.batch_norm`.
    """

    input_ndims: tuple[int, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        dtype: Any = None,
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight: Parameter | None = ones_(new_parameter((num_features,), dtype)) if affine else None
        self.bias: Parameter | None = new_parameter((num_features,), dtype) if affine else None
        self.track_running_stats = track_running_stats
        self.running_mean: Buffer | None = None
        self.running_var: Buffer | None = None
        self.num_batches_tracked: Buffer | None = None
        if track_running_stats:
            self.running_mean = new_buffer((num_features,), dtype)
            self.running_var = new_buffer((num_features,), dtype, value=1.0)
            self.num_batches_tracked = new_buffer((), np.int64)
        self.batch_sums = BatchSums(num_features)

    def forward(self, x: Array) -> tuple[Array, BatchNormCache]:
        if x.ndim not in self.input_ndims:
            raise ValueError(f"{type(self).__name__} expects an input of {self.input_ndims} axes, got shape {tuple(x.shape)}")
        weight, bias = optional_data(self.weight), optional_data(self.bias)
        if self.training or self.running_mean is None or self.running_var is None:
            return batch_norm(x, weight, bias, eps=self.eps)
        if self.batch_sums.count and not self.num_batches_tracked.data:  # type: ignore[union-attr]
            raise RuntimeError(
                f"{type(self).__name__} was trained, but its running statistics were never updated: "
                "call model.update_running_statistics() after optimizer.step()"
            )
        return batch_norm(x, weight, bias, self.running_mean.data, self.running_var.data, self.eps)

    def backward(self, dy: Array, cache: BatchNormCache) -> Array:
        dx, dweight, dbias, _, _ = batch_norm_backward(dy, cache)
        self.add_grads(weight=dweight, bias=dbias)
        if self.track_running_stats and cache.by_batch:
            self.batch_sums.add(cache)
        return dx

    def zero_grad(self) -> None:
        super().zero_grad()
        self.batch_sums.clear()

    def update_running_statistics(self) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        if self.batch_sums.count < 2:
            return
        mean, var = self.batch_sums.mean_and_unbiased_var()
        self.num_batches_tracked.data[...] += 1
        share = 1 / float(self.num_batches_tracked.data) if self.momentum is None else self.momentum
        for buffer, new in ((self.running_mean, mean), (self.running_var, var)):
            buffer.data[...] = (1 - share) * buffer.data + share * new
        self.batch_sums.clear()

    def replica(self, memo: dict[int, Any] | None = None) -> Any:
        copy = super().replica(memo)
        copy.batch_sums = BatchSums(self.num_features)
        return copy

    def extra_repr(self) -> str:
        given = {"eps": (self.eps, 1e-5), "momentum": (self.momentum, 0.1), "affine": (self.weight is not None, True)}
        given["track_running_stats"] = (self.track_running_stats, True)
        return f"{self.num_features}" + "".join(f", {n}={v}" for n, (v, default) in given.items() if v != default)


class BatchNorm1d(_BatchNorm):
    """Batch normalization of (batch, channels) or (batch, channels, length)."""

    input_ndims = (2, 3)
    __doc__ += "\n\n" + (_BatchNorm.__doc__ or "")


class BatchNorm2d(_BatchNorm):
    """Batch normalization of images (batch, channels, height, width)."""

    input_ndims = (4,)
    __doc__ += "\n\n" + (_BatchNorm.__doc__ or "")
