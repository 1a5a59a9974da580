"""The compiled part of cross_entropy's twin, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiler import compiled
from .elementary import EXACT, ONE, ZERO, exp
from .sums import SUMS, largest


@compiled(**EXACT)
def cross_entropy_forward(z: Any, labels: Any, smoothing: Any, losses: Any, top: Any, log_sum: Any) -> None:
    """Fills losses, top and log_sum (rows,). An ignored row, of label -1, is not looked at."""
    classes = np.float32(z.shape[1])
    for n in range(len(z)):
        if labels[n] < 0:
            losses[n], top[n], log_sum[n] = ZERO, ZERO, ZERO
            continue
        top[n] = largest(z[n])
        total, total_shifted = _sums(z[n], top[n])
        log_sum[n] = np.log(total)
        # -log p[k] = log_sum - (z[k] - top)
        loss = (ONE - smoothing) * (log_sum[n] - (z[n, labels[n]] - top[n]))
        if smoothing > ZERO:
            loss += smoothing * (log_sum[n] - total_shifted / classes)
        losses[n] = loss


@compiled(**EXACT)
def cross_entropy_backward(
    z: Any, top: Any, log_sum: Any, labels: Any, smoothing: Any, dlosses: Any, dz: Any
) -> None:
    """dz = dloss · (p - q)."""
    spread = smoothing / np.float32(z.shape[1])
    for n in range(len(z)):
        if labels[n] < 0:
            dz[n] = ZERO
        else:
            _row_backward(z[n], top[n], log_sum[n], spread, dlosses[n], dz[n])
            dz[n, labels[n]] -= dlosses[n] * (ONE - smoothing)


@compiled(**SUMS)
def _sums(z: Any, top: Any) -> tuple[Any, Any]:
    """Σ exp(z - top) and Σ (z - top)."""
    total, total_shifted = ZERO, ZERO
    for k in range(len(z)):
        shifted = z[k] - top
        total += exp(shifted)
        total_shifted += shifted
    return total, total_shifted


@compiled(**EXACT)
def _row_backward(z: Any, top: Any, log_sum: Any, spread: Any, dloss: Any, dz: Any) -> None:
    for k in range(len(z)):
        dz[k] = dloss * (exp(z[k] - top - log_sum) - spread)
