"""exp, sigmoid and tanh of one float32 number, written so that the compiler computes eight at once.

LLVM turns a loop into vector instructions if its body is plain arithmetic: no branches, no calls. The exp of
the C library is a call, so a loop over it stays scalar. These three are nothing but additions,
multiplications and a look at the bits of a float; a loop over an array takes a fraction of NumPy's time.

**exp.** Every x is n · ln 2 + r with an integer n and |r| <= (ln 2) / 2, so

    exp(x) = 2ⁿ · exp(r)

exp(r) on this short range is a polynomial of degree 7 (Cephes, S. Moshier, *Methods and Programs for
Mathematical Functions*, 1989). 2ⁿ is a float whose exponent field holds n: the bits are put together as an
integer. Rounding x / ln 2 to an integer takes no call either: floats around 1.5 · 2²³ are 1 apart, so adding
this number rounds, and the lowest bits of the sum are n.

Errors stay below 1.5 units in the last place for exp, 3 for sigmoid and tanh; ±∞ and NaN come out right, and
so do results too small for a normal float (denormals).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

# contract: a · b + c may become one instruction (rounded once). The other liberties of "fast math" would
# allow LLVM to cancel ROUNDER against itself. error_model="numpy": x / 0 is infinity, not an exception, which
# would be a branch.
EXACT: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy"}

F, INT = np.float32, np.int32
LOG2_E = F(1.44269504)
LN2_HIGH, LN2_LOW = F(0.693359375), F(-2.12194440e-4)  # their sum is ln 2; n · LN2_HIGH is exact
ROUNDER = F(1.5 * 2**23)
ROUNDER_BITS = INT(ROUNDER.view(INT))
ZERO, HALF, ONE, TWO = F(0), F(0.5), F(1), F(2)
P3, P4, P5 = F(1.6666665459e-1), F(4.1665795894e-2), F(8.3334519073e-3)
P6, P7 = F(1.3981999507e-3), F(1.9875691500e-4)
# a float32: 1 bit of sign, 8 bits of exponent + 127, 23 bits of fraction
EXPONENT_PLACE, EXPONENT_BIAS = INT(23), INT(127)


@intrinsic
def bits(typing: Any, x: Any) -> Any:
    """The bits of a float32, read as an int32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@intrinsic
def as_float(typing: Any, bits: Any) -> Any:
    """The float32 that has these bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@njit(**EXACT)
def _power_of_two(n: Any) -> Any:
    """2ⁿ for -127 < n < 128."""
    return as_float((n + EXPONENT_BIAS) << EXPONENT_PLACE)


@njit(**EXACT)
def _reduced(x: Any) -> tuple[Any, Any]:
    """(n, exp(r) - 1) with x = n · ln 2 + r."""
    shifted = x * LOG2_E + ROUNDER
    n = shifted - ROUNDER
    r = x - n * LN2_HIGH - n * LN2_LOW
    p = (((((P7 * r + P6) * r + P5) * r + P4) * r + P3) * r + HALF) * r * r + r
    return bits(shifted) - ROUNDER_BITS, p


@njit(**EXACT)
def exp(x: Any) -> Any:
    """eˣ."""
    # beyond, exp is infinity or 0 anyway; comparisons with NaN are false, so NaN passes through
    x = F(89) if x > F(89) else x
    x = F(-104) if x < F(-104) else x
    n, p = _reduced(x)
    # n reaches from -150 to 128, further than one exponent: 2ⁿ in two halves
    half = n >> INT(1)
    return (p + ONE) * _power_of_two(half) * _power_of_two(n - half)


@njit(**EXACT)
def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ) = eˣ / (eˣ + 1): this way very small results keep all their digits."""
    e = exp(F(30) if x > F(30) else x)  # sigmoid(30) is 1 in float32
    return e / (e + ONE)


@njit(**EXACT)
def tanh(x: Any) -> Any:
    """(e²ˣ - 1) / (e²ˣ + 1). With E = e²ˣ - 1 computed as such, small x lose no digits: E / (E + 2)."""
    x = F(10) if x > F(10) else x  # tanh(10) is 1 in float32
    x = F(-10) if x < F(-10) else x
    n, p = _reduced(TWO * x)
    power = _power_of_two(n)
    e = power * p + (power - ONE)  # 2ⁿ (p + 1) - 1
    return e / (e + TWO)
