"""Telling a bare optimizer from a layer."""

from __future__ import annotations

import inspect
from typing import Any

from ..calling import parameters_of, required


def is_optimizer(subject: Any) -> bool:
    """Does it look like a bare optimizer: step() or update(params, grads), and no forward?"""
    if inspect.isfunction(subject):
        names = [p.name for p in parameters_of(subject)]
        return len(required(subject)) >= 2 and any(
            n.lower().lstrip("_").startswith(("d", "g")) for n in names[1:2]
        )
    return not hasattr(subject, "forward") and any(
        hasattr(subject, n) for n in ("step", "update", "update_params", "apply_gradients")
    )
