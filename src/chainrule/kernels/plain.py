"""Which arrays the compiled loops take, and what makes others fit.

Numba compiles anew for each kind of array: another dtype, another memory order, read-only. So the loops are
given one kind: float32, row by row without gaps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.functions.arrays import Array

from .installed import compiler_is_installed

SMALL = 2**14  # numbers below which plain NumPy takes a tenth of a millisecond: not worth loading a compiler


def worth_compiling(x: Any, *others: Any) -> bool:
    """float32 in NumPy's own arrays (None counts as one), enough numbers in x, and a compiler."""
    return are_plain(x, *others) and x.size >= SMALL and compiler_is_installed()


def are_plain(*arrays: Any) -> bool:
    """float32 in NumPy's own arrays; None counts as one."""
    return all(a is None or (type(a) is np.ndarray and a.dtype == np.float32) for a in arrays)


def compact(array: Array) -> Array:
    """The same numbers, row by row without gaps, in memory that compiled code may take for writable."""
    array = np.ascontiguousarray(array)
    return array if array.flags.writeable else array.copy()


def rows(array: Array) -> Array:
    """(..., features) -> (rows, features), compact."""
    return compact(array.reshape(-1, array.shape[-1]))


def upstream(dy: Array) -> Array:
    """A gradient as the loops want it."""
    return compact(dy.astype(np.float32, copy=False))
