"""Types of arrays in signatures: `Float[Array, "batch channels height width"]` names every axis.

The annotations are for people and type checkers; nothing is checked or imported at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int, Num, UInt64

    __all__ = ["Array", "Bool", "Float", "Int", "Num", "UInt64", "describe"]


def describe(name: str, array: Array, axes: tuple[str, ...] = ()) -> str:
    """An array in an error message: "input (batch 32, channels 1, height 28, width 28)"."""
    if len(axes) == array.ndim:
        return f"{name} ({', '.join(f'{axis} {size}' for axis, size in zip(axes, array.shape, strict=True))})"
    return f"{name} {tuple(array.shape)}"


def check_same_dtype(name: str, x: Array, weight: Array) -> None:
    """Raises TypeError if they differ: NumPy would compute in the wider type, slowly and in silence."""
    if x.dtype != weight.dtype:
        raise TypeError(
            f"{name} expects an input of the weight's dtype {weight.dtype}, got {x.dtype}: convert it with "
            f'x.astype("{weight.dtype}")'
        )
