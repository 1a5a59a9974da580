"""The twin of gelu, in its exact form: Φ from one polynomial, eight numbers at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.gelu import Approximate

from .plain import compact, upstream, worth_compiling


class CompiledGELUCache(NamedTuple):
    x: Array
    gate: Array  # Φ(x)


def gelu(x: Array, approximate: Approximate = "none") -> Any:
    """As chainrule.functions.gelu; NotImplemented where it does not apply."""
    if not worth_compiling(x) or approximate != "none":
        return NotImplemented
    from .gelu_loops import gelu_forward

    x = compact(x)
    y, gate = np.empty_like(x), np.empty_like(x)
    gelu_forward(x.reshape(-1), y.reshape(-1), gate.reshape(-1))
    return y, CompiledGELUCache(x, gate)


def gelu_backward(dy: Array, cache: CompiledGELUCache) -> Array:
    """As chainrule.functions.gelu_backward."""
    from .gelu_loops import gelu_backward as loops

    x, gate = cache
    dx = np.empty_like(x)
    loops(upstream(dy).reshape(-1), x.reshape(-1), gate.reshape(-1), dx.reshape(-1))
    return dx
