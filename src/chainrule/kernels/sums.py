"""Sums and the maximum of a row, eight numbers at a time.

A loop that adds up adds in the order that is written, one number after the other, unless it is told that the
order does not matter (reassoc): then eight sums run side by side, and are added at the end. (That rounds
less, too.)

For the maximum, the order never matters, but floats have a number that is neither larger nor smaller than
others, NaN. Integers do not: and the bits of a float, read as an integer, order like the float, if those
below the sign are turned around for negative numbers. NaN then is larger than infinity, or smaller than its
opposite.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiler import compiled
from .elementary import as_float, bits

SUMS: dict[str, Any] = {"fastmath": {"contract", "reassoc"}, "error_model": "numpy"}
SIGN_PLACE, BELOW_SIGN, LOWEST = np.int32(31), np.int32(0x7FFFFFFF), np.int32(-0x80000000)


@compiled()
def largest(x: Any) -> Any:
    """The largest number of a row of float32."""
    top = LOWEST
    for k in range(len(x)):
        ordered = _turned(bits(x[k]))
        top = ordered if ordered > top else top
    return as_float(_turned(top))


@compiled()
def _turned(number: Any) -> Any:
    return number ^ ((number >> SIGN_PLACE) & BELOW_SIGN)
