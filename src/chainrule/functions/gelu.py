"""GELU, the Gaussian error linear unit: x, multiplied by how much of a normal distribution lies below it.

    y = x · Φ(x),     Φ(x) = P(N(0, 1) <= x) = ½ (1 + erf(x / √2))

Φ is a gate between 0 and 1, like a sigmoid: large x passes, very negative x is shut off, and between them the
gate opens smoothly. Unlike ReLU it has no kink and dips below 0 for small negative x. (Hendrycks and Gimpel
2016, section 2.)

**Backward.** x stands twice in x · Φ(x): as what passes, and in the gate. The product rule gives one term for
each,

    dx = dy · (Φ(x) + x · Φ'(x)),     Φ'(x) = exp(-x²/2) / √(2π), the normal density

**approximate="tanh"** is the paper's cheaper gate, the one of GPT-2 and the original BERT code:

    Φ(x) ≈ ½ (1 + tanh u),  u = √(2/π) (x + 0.044715 x³)          Φ' ≈ ½ (1 - tanh² u) · u' = 2 Φ (1 - Φ) · u'

The two differ by up to 5e-4 in y. That is enough to matter when weights trained with the one run with the
other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from .arrays import Array
from .erf import erf

if TYPE_CHECKING:
    from .arrays import Float

Approximate = Literal["none", "tanh"]
CUBIC = 0.044715


class GELUCache(NamedTuple):
    x: Float[Array, "*shape"]
    gate: Float[Array, "*shape"]  # Φ(x), exact or approximate
    approximate: Approximate


def gelu(
    x: Float[Array, "*shape"], approximate: Approximate = "none"
) -> tuple[Float[Array, "*shape"], GELUCache]:
    """x · Φ(x), element by element, on any shape. NaN stays NaN.

    approximate: "none" (with erf) or "tanh". Raises ValueError for anything else.
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    if approximate == "tanh":
        u = math.sqrt(2 / math.pi) * (x + CUBIC * (x * x * x))
        gate = 0.5 * (1 + np.tanh(u))
    else:
        gate = 0.5 * (1 + erf(x / math.sqrt(2)))
    return x * gate, GELUCache(x, gate, approximate)


def gelu_backward(dy: Float[Array, "*shape"], cache: GELUCache) -> Float[Array, "*shape"]:
    """The product rule on x · Φ(x)."""
    x, gate, approximate = cache
    if approximate == "tanh":
        du = math.sqrt(2 / math.pi) * (1 + 3 * CUBIC * (x * x))     # ∂u/∂x
        density = 2 * gate * (1 - gate) * du
    else:
        density = np.exp(-0.5 * (x * x)) / math.sqrt(2 * math.pi)
    dx: Array = dy * (gate + x * density)
    return dx
