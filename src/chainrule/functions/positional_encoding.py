"""Sinusoidal positional encoding: every position adds a pattern of its own to the features.

    y[t] = x[t] + PE[t],      PE[t, 2i]     = sin(t / 10000^(2i / features))
                              PE[t, 2i + 1] = cos(t / 10000^(2i / features))

**Why is it needed?** Attention sees a set: exchange two positions, and the outputs are exchanged, nothing
else changes. So the position has to stand in the features themselves.

**What does adding do?** It writes the *absolute* position into the vector, beside what stands there: with
many features a vector and a pattern rarely look alike, and a linear layer can tell them apart. *Relative*
positions can be read from it: sine and cosine of one frequency are the hand of a clock, and k steps later
that hand stands rotated by the same angle, wherever it began. So PE[t + k] is a linear function of PE[t], one
that depends on k alone, and a query can learn to look k steps back. Each pair of features is a clock of its
own speed, from one turn in 2π steps to one in almost 10000 · 2π: the fast ones tell neighbors apart, the slow
ones say roughly where one is.

**How long can a sequence be?** As long as you like: the formula is a table without an end. But a network has
learned with the patterns that it met, and beyond the longest sequence of its training its answers get worse.
(A learned table, `chainrule.layers.LearnedPositionalEncoding`, simply ends.)

**Backward.** The pattern is a constant: y = x + constant, dx = dy.

(Vaswani et al. 2017, section 3.5.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array, describe

if TYPE_CHECKING:
    from .arrays import Float


class PositionalEncodingCache(NamedTuple):
    encoding: Float[Array, "time features"]


def positional_encoding(
    x: Float[Array, "*batch time features"], start: int = 0, base: float = 10000.0
) -> tuple[Float[Array, "*batch time features"], PositionalEncodingCache]:
    """x plus the patterns of the positions start, start + 1, ...

    start: the position of the first step, where a sequence comes in pieces. Raises ValueError if there are
    less than two axes, or for a negative start; TypeError unless x is floating point.
    """
    angles = position_angles("positional_encoding", x, start, base)    # (time, features / 2)
    encoding = np.empty_like(x, shape=x.shape[-2:])                    # (time, features)
    encoding[:, 0::2] = np.sin(angles)
    encoding[:, 1::2] = np.cos(angles[:, : x.shape[-1] // 2])          # an odd feature more has only a sine
    return x + encoding, PositionalEncodingCache(encoding)


def positional_encoding_backward(
    dy: Float[Array, "*batch time features"], cache: PositionalEncodingCache
) -> Float[Array, "*batch time features"]:
    """y = x + constant."""
    return dy


def position_angles(name: str, x: Array, start: int, base: float) -> Float[Array, "time pairs"]:
    """How far each clock has turned: position / base^(2i / features), in float64.

    Raises ValueError and TypeError as the functions that use it do, in their name.
    """
    if x.ndim < 2:
        raise ValueError(f"{name} expects an input (..., time, features), got {describe('input', x)}")
    if x.dtype.kind != "f":
        raise TypeError(f"{name} expects floating point numbers, got {x.dtype}: embed ids first")
    if start < 0:
        raise ValueError(f"{name}: positions count from 0, got start={start}")
    time, features = x.shape[-2:]
    positions = np.arange(start, start + time, like=x)
    exponents = np.arange(0, features, 2, like=x) / features           # 2i / features
    angles: Array = positions[:, None] * base**-exponents
    return angles
