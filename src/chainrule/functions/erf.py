"""The error function, which NumPy does not have:  erf(x) = 2/√π ∫₀ˣ exp(-t²) dt.

It has no closed form. Cody (1969, *Rational Chebyshev approximations for the error function*, Mathematics of
Computation 23) fits quotients of polynomials P/Q on three ranges of |x|, so closely that in float64 the error
is one or two units in the last place. With erfc = 1 - erf, the rest up to 1:

    |x| <= 0.46875           erf(x)  = x · P(x²) / Q(x²)
    0.46875 <= |x| <= 4      erfc(x) = exp(-x²) · P(x) / Q(x)
    4 <= |x|                 erfc(x) = exp(-x²) / x · (1/√π - x⁻² · P(x⁻²) / Q(x⁻²))

and erf(-x) = -erf(x). All three are computed everywhere and the right one is chosen: branches per element
would need a loop. The coefficients are the paper's (tables II to IV, as in his program CALERF), from the
highest power to the lowest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .arrays import Array

if TYPE_CHECKING:
    from .arrays import Float

SMALL_P = (
    1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
    3.20937758913846947e3,
)  # fmt: skip
SMALL_Q = (
    1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3,
)  # fmt: skip
MIDDLE_P = (
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
    2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
    1.23033935479799725e3,
)  # fmt: skip
MIDDLE_Q = (
    1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
    3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
)  # fmt: skip
LARGE_P = (
    1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
    1.60837851487422766e-2, 6.58749161529837803e-4,
)  # fmt: skip
LARGE_Q = (
    1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
    2.33520497626869185e-3,
)  # fmt: skip


def erf(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """erf(x), element by element, on any shape, in the dtype of x. NaN stays NaN."""
    size = np.minimum(np.abs(x), 6)                        # erf(6) = 1 in float64: nothing happens beyond
    squared = size * size
    small = size * _polynomial(SMALL_P, squared) / _polynomial(SMALL_Q, squared)

    tail = np.exp(-squared)
    middle = 1 - tail * _polynomial(MIDDLE_P, size) / _polynomial(MIDDLE_Q, size)

    at_least_4 = np.maximum(size, 4)
    inverse = 1 / (at_least_4 * at_least_4)
    quotient = _polynomial(LARGE_P, inverse) / _polynomial(LARGE_Q, inverse)
    large = 1 - tail / at_least_4 * (1 / math.sqrt(math.pi) - inverse * quotient)

    y: Array = np.sign(x) * np.where(size <= 0.46875, small, np.where(size <= 4, middle, large))
    return y


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    """Horner's scheme: ((c₀ x + c₁) x + c₂) x + ..."""
    result = coefficients[0] * x + coefficients[1]
    for coefficient in coefficients[2:]:
        result = result * x + coefficient
    return result
