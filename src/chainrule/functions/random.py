"""Random numbers by counting: the number at a place depends on a key and on the place, on nothing else.

An ordinary generator has a state: the next number depends on how many were drawn before, so results change
with the number of threads or after a restart. A counter-based one is a function. SplitMix64 (Steele, Lea and
Flood 2014, figure 13) hashes key + counter · 2⁶⁴/φ with two rounds of shift, xor and multiply:

    z = key + counter · 0x9E3779B97F4A7C15
    z = (z ⊕ z≫30) · 0xBF58476D1CE4E5B9
    z = (z ⊕ z≫27) · 0x94D049BB133111EB
    return z ⊕ z≫31                                       (all modulo 2⁶⁴)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .arrays import Array

if TYPE_CHECKING:
    from .arrays import UInt64

GOLDEN = 0x9E3779B97F4A7C15
MASK = 2**64 - 1


def fold(*parts: int) -> int:
    """One 64-bit key made of several integers: (seed, step, draw) -> key. Other parts, or another order,
    another key.
    """
    if any(part < 0 for part in parts):
        raise ValueError(f"seeds and counters must be >= 0, got {parts}")
    key = 0
    for part in parts:
        z = (key + GOLDEN * ((part & MASK) + 1)) & MASK
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        key = z ^ (z >> 31)
    return key


def random_bits(keys: UInt64[Array, " streams"], count: int) -> UInt64[Array, "streams count"]:
    """`count` random 64-bit integers for every key: row n is the stream of keys[n]."""
    counters = np.arange(1, count + 1, dtype=np.uint64, like=keys)
    z = keys[:, None] + counters * np.uint64(GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits: Array = z ^ (z >> np.uint64(31))
    return bits
