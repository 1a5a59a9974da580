"""The matrices that a recurrent layer multiplies its state by, step after step."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from chainrule.functions.arrays import Array

from .weights import Weight

# weight_hh_l0, Whh, W_hh, w_rec, recurrent_kernel, U, U_f, Uh
_RECURRENT = re.compile(r"(^|[._])(\w*(?:w|weights?)_?(hh|rec|aa)\w*|\w*recurrent\w*|u(_?[a-z])?)$", re.I)
_GATES = {3: "rzn", 4: "ifgo"}  # PyTorch's order


@dataclass(frozen=True)
class RecurrentMatrix:
    """radius is the spectral radius, max |λ|: what many steps come to if nothing else interferes. norm is the
    largest singular value, the most that a single step can stretch: below 1, a tanh RNN's gradients must
    vanish (Pascanu, Mikolov and Bengio 2013, section 2.1). NaN for a matrix that is not finite.
    """

    name: str
    gate: str  # "" where there is only one
    radius: float
    norm: float


def recurrent_matrices(weights: Iterable[Weight]) -> tuple[RecurrentMatrix, ...]:
    """Of all weights whose name says that they are recurrent, if they are square, or squares side by side:
    one for each gate.
    """
    return tuple(
        RecurrentMatrix(weight.name, gate, *_radius_and_norm(block))
        for weight in weights
        if _RECURRENT.search(weight.name)
        for gate, block in _blocks(weight)
    )


def _blocks(weight: Weight) -> list[tuple[str, Array]]:
    matrix = weight.before
    if matrix.ndim != 2 or not min(matrix.shape) or max(matrix.shape) % min(matrix.shape):
        return []
    axis = int(matrix.shape[1] > matrix.shape[0])
    count = max(matrix.shape) // min(matrix.shape)
    ours = "weight_hh" in weight.name and count in _GATES
    names = _GATES[count] if ours else [str(i) for i in range(count)]
    blocks = np.split(matrix, count, axis)
    return [("", matrix)] if count == 1 else list(zip(names, blocks, strict=True))


def _radius_and_norm(block: Array) -> tuple[float, float]:
    block = block.astype(np.float64)
    if not np.isfinite(block).all():
        return np.nan, np.nan
    return float(np.abs(np.linalg.eigvals(block)).max()), float(np.linalg.norm(block, 2))
