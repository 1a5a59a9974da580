"""Clipping: a step may be large, but not without bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from chainrule.layers.parameter import Parameter


def grad_norm(parameters: Iterable[Parameter]) -> float:
    """√ Σ g², over all numbers of all gradients: the length of the gradient as one long vector."""
    # scaled by the largest number first: the square of a large float32 would overflow
    trainable = [p.grad for p in parameters if p.requires_grad]
    largest = max((float(np.abs(grad).max()) for grad in trainable), default=0.0)
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(sum(float(np.vdot(g, g)) for g in (grad / largest for grad in trainable)))


def clip_grad_norm_(parameters: Iterable[Parameter], max_norm: float) -> float:
    """Scales all gradients by max_norm / norm if the global norm exceeds max_norm; returns the norm before.

    One factor for all: the direction stays, only the length changes.  (Pascanu, Mikolov and Bengio 2013,
    algorithm 1; PyTorch adds 10⁻⁶ to the norm, and so do we.) Raises ValueError unless max_norm > 0.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be > 0, got {max_norm}")
    parameters = list(parameters)
    norm = grad_norm(parameters)
    factor = max_norm / (norm + 1e-6)
    if factor < 1 and math.isfinite(norm):  # infinite gradients stay as they are, to be found
        for parameter in parameters:
            if parameter.requires_grad:
                parameter.grad[...] *= factor
    return norm
