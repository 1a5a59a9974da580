"""Adam's step in one pass: each number is read once, and moved.

NumPy makes a pass over memory for each sign in the formula, about ten of them; here the moments, the root and
the division happen while the number is in a register.
"""

from __future__ import annotations

import math

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.dispatch import twins_are_wanted

from .installed import compiler_is_installed

SMALL = 2**16  # numbers below which NumPy's passes stay in the cache


def adam_step(
    weight: Array, g: Array, mean: Array, square: Array,
    lr: float, betas: tuple[float, float], eps: float, t: int,
) -> bool:  # fmt: skip
    """Moves the weight and its moments in place, as Adam's formula says; False where it does not apply."""
    arrays = (weight, g, mean, square)
    if weight.size < SMALL or not all(
        type(a) is np.ndarray and a.dtype == np.float32 and a.flags.c_contiguous and a.flags.writeable
        for a in arrays
    ):
        return False
    if not (twins_are_wanted() and compiler_is_installed()):
        return False
    from .adam_loop import adam

    beta1, beta2 = betas
    adam(
        *(a.reshape(-1) for a in arrays),
        np.float32(1 - beta1),
        np.float32(1 - beta2),
        np.float32(lr / (1 - beta1**t)),
        np.float32(1 / math.sqrt(1 - beta2**t)),
        np.float32(eps),
    )
    return True
