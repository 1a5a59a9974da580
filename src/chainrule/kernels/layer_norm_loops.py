"""The compiled part of layer_norm's twin, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiler import compiled
from .elementary import EXACT, ONE, ZERO
from .sums import SUMS


@compiled(**EXACT)
def layer_norm_forward(x: Any, gamma: Any, beta: Any, eps: Any, y: Any, normalized: Any, rstd: Any) -> None:
    """Fills y, normalized (rows, features) and rstd (rows,)."""
    features = np.float32(x.shape[1])
    for n in range(len(x)):
        mean = _sum(x[n]) / features
        rstd[n] = ONE / np.sqrt(_squares(x[n], mean) / features + eps)
        _normalize(x[n], mean, rstd[n], gamma, beta, y[n], normalized[n])


@compiled(**EXACT)
def layer_norm_backward(
    dy: Any, normalized: Any, rstd: Any, gamma: Any, dx: Any, dgamma: Any, dbeta: Any
) -> None:
    """Fills dx (rows, features), and adds to dgamma and dbeta (features,)."""
    features = np.float32(dy.shape[1])
    for n in range(len(dy)):
        through_mean, through_var = _means(dy[n], gamma, normalized[n])
        _row_backward(
            dy[n], normalized[n], gamma, through_mean / features, through_var / features, rstd[n],
            dx[n], dgamma, dbeta,
        )  # fmt: skip


@compiled(**SUMS)
def _sum(x: Any) -> Any:
    total = ZERO
    for k in range(len(x)):
        total += x[k]
    return total


@compiled(**SUMS)
def _squares(x: Any, mean: Any) -> Any:
    """Σ (x - mean)²."""
    total = ZERO
    for k in range(len(x)):
        total += (x[k] - mean) * (x[k] - mean)
    return total


@compiled(**EXACT)
def _normalize(x: Any, mean: Any, rstd: Any, gamma: Any, beta: Any, y: Any, normalized: Any) -> None:
    for k in range(len(x)):
        x_hat = (x[k] - mean) * rstd
        normalized[k] = x_hat
        y[k] = x_hat * gamma[k] + beta[k]


@compiled(**SUMS)
def _means(dy: Any, gamma: Any, normalized: Any) -> tuple[Any, Any]:
    """Σ dnormalized and Σ dnormalized · normalized."""
    total, total_normalized = ZERO, ZERO
    for k in range(len(dy)):
        dnormalized = dy[k] * gamma[k]
        total += dnormalized
        total_normalized += dnormalized * normalized[k]
    return total, total_normalized


@compiled(**EXACT)
def _row_backward(
    dy: Any, normalized: Any, gamma: Any, through_mean: Any, through_var: Any, rstd: Any,
    dx: Any, dgamma: Any, dbeta: Any,
) -> None:  # fmt: skip
    for k in range(len(dy)):
        dx[k] = rstd * (dy[k] * gamma[k] - through_mean - normalized[k] * through_var)
        dgamma[k] += dy[k] * normalized[k]
        dbeta[k] += dy[k]
