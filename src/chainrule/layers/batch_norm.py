"""BatchNorm1d and BatchNorm2d: batch normalization with parameters, and the statistics that evaluation needs.

In training mode a channel is normalized by the batch's own mean and variance; in evaluation mode by running
averages of them, so that one sample's answer does not depend on its neighbors.

**Where do the statistics go, and why not into forward?** In most libraries forward updates the running
averages. Then a forward run twice (to look at it, to measure a gradient, to save memory) counts twice, two
threads write at once, and a batch cut into parts moves the averages several times, by another amount than the
whole batch would. Here they travel with the gradients:

    forward                        writes nothing; the batch's mean and variance stand in the cache
    backward                       *adds* m, Σx and Σx² to the layer's pending sums, as it adds gradients
    update_running_statistics()    moves the running averages by the sums, once per step, after the optimizer
    zero_grad()                    clears the sums with the gradients

Sums add up: micro-batches, and shards on replicas, give exactly the statistics of the whole batch. (What each
part was *normalized* by is still its own.) A forward without a backward leaves no trace.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from chainrule.functions import batch_norm, batch_norm_backward
from chainrule.functions.arrays import Array, describe
from chainrule.functions.batch_norm import AXES, BatchNormCache

from .init import ones_
from .layer import Layer
from .new import new_buffer, new_parameter, optional_data


class PendingStatistics:
    """What has been seen since the last step, per channel, in float64: how many numbers, Σx and Σx²."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.m: int = 0
        self.sum_x: Any = 0.0
        self.sum_x2: Any = 0.0

    def add_batch(self, mean: Array, var: Array, m: int) -> None:
        mean, var = mean.astype(np.float64), var.astype(np.float64)
        self.m = self.m + m
        self.sum_x = self.sum_x + m * mean
        self.sum_x2 = self.sum_x2 + m * (var + mean * mean)  # var = Σx² / m - mean²

    def add(self, other: PendingStatistics) -> None:
        self.m = self.m + other.m
        self.sum_x = self.sum_x + other.sum_x
        self.sum_x2 = self.sum_x2 + other.sum_x2

    def mean_and_var(self) -> tuple[Array, Array]:
        """The variance is unbiased, Σ(x - mean)² / (m - 1): an estimate for the data, not for the batch."""
        mean = self.sum_x / self.m
        biased = np.maximum(self.sum_x2 / self.m - mean * mean, 0)  # rounding must not make it negative
        return mean, biased * (self.m / (self.m - 1))


class BatchNorm(Layer):
    """What BatchNorm1d and BatchNorm2d share: all but the shapes they accept.

    weight (γ) begins at 1, bias (β) at 0, both (num_features,); affine=False leaves them out. The buffers
    running_mean, running_var and num_batches_tracked are moved by `momentum` per step,

        running = (1 - momentum) · running + momentum · new

    or, with momentum=None, are the plain average over all steps. With track_running_stats=False there are
    none, and evaluation normalizes by the batch, too. See `chainrule.functions.batch_norm` for the
    mathematics.
    """

    dimensions: ClassVar[tuple[int, ...]]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        dtype: Any = None,
    ) -> None:
        shape = (num_features,)
        self.num_features, self.eps, self.momentum = num_features, float(eps), momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = ones_(new_parameter(shape, dtype)) if affine else None
        self.bias = new_parameter(shape, dtype) if affine else None
        self.running_mean = new_buffer(shape, dtype) if track_running_stats else None
        self.running_var = new_buffer(shape, dtype, value=1.0) if track_running_stats else None
        self.num_batches_tracked = new_buffer((), np.int64) if track_running_stats else None
        self.pending = PendingStatistics()
        self.forgotten = False  # were statistics cleared before they were taken in?

    def forward(self, x: Array) -> tuple[Array, BatchNormCache]:
        self._check(x)
        weight, bias = optional_data(self.weight), optional_data(self.bias)
        if self.training or self.running_mean is None or self.running_var is None:
            return batch_norm(x, weight, bias, eps=self.eps)
        never_updated = self.num_batches_tracked is not None and not self.num_batches_tracked.data
        if never_updated and (self.pending.m or self.forgotten):
            raise RuntimeError(
                f"{type(self).__name__} was trained, but its running statistics were never updated: call "
                "model.update_running_statistics() after optimizer.step()"
            )
        return batch_norm(x, weight, bias, self.running_mean.data, self.running_var.data, self.eps)

    def backward(self, dy: Array, cache: BatchNormCache) -> Array:
        dx, dweight, dbias, _, _ = batch_norm_backward(dy, cache)
        self.add_grads(weight=dweight, bias=dbias)
        if self.track_running_stats and cache.by_batch:
            self.pending.add_batch(cache.mean, cache.var, cache.m)
        return dx

    def update_running_statistics(self) -> None:
        running_mean, running_var, steps = self.running_mean, self.running_var, self.num_batches_tracked
        if running_mean is None or running_var is None or steps is None or not self.pending.m:
            return
        mean, var = self.pending.mean_and_var()
        steps.data[...] += 1
        momentum = 1 / int(steps.data) if self.momentum is None else self.momentum
        for running, new in ((running_mean.data, mean), (running_var.data, var)):
            running[...] = (1 - momentum) * running + momentum * new
        self.pending.clear()

    def zero_grad(self) -> None:
        super().zero_grad()
        self.forgotten = self.pending.m > 0
        self.pending.clear()

    def replica(self, memo: dict[int, Any] | None = None) -> Self:
        twin = super().replica(memo)
        if twin.pending is self.pending:
            twin.pending = PendingStatistics()
        return twin

    def add_statistics_of(self, replica: Layer) -> None:
        assert isinstance(replica, BatchNorm)
        self.pending.add(replica.pending)

    def _check(self, x: Array) -> None:
        expected = " or ".join(str(AXES[n]) for n in self.dimensions).replace("'", "")
        if x.ndim not in self.dimensions:
            raise ValueError(f"{type(self).__name__} expects {expected}, got {describe('input', x)}")
        if x.shape[1] != self.num_features:
            raise ValueError(
                f"{type(self).__name__} expects {self.num_features} channels, got {x.shape[1]}: "
                f"{describe('input', x, AXES[x.ndim])}"
            )

    def extra_repr(self) -> str:
        names = ("eps", "momentum", "affine", "track_running_stats")
        return ", ".join([str(self.num_features), *(f"{name}={getattr(self, name)}" for name in names)])


class BatchNorm1d(BatchNorm):
    """Batch normalization of (batch, channels) or (batch, channels, length). See `BatchNorm`."""

    dimensions = (2, 3)


class BatchNorm2d(BatchNorm):
    """Batch normalization of images (batch, channels, height, width). See `BatchNorm`."""

    dimensions = (4,)
