"""The compiled part of Adam's step."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiler import compiled
from .elementary import EXACT


@compiled(**EXACT)
def adam(
    weight: Any, g: Any, mean: Any, square: Any,
    to_mean: Any, to_square: Any, step_size: Any, root_scale: Any, eps: Any,
) -> None:  # fmt: skip
    """All arrays are 1-D and of one length, all numbers float32."""
    for k in range(len(weight)):
        mean_k = mean[k] + to_mean * (g[k] - mean[k])
        square_k = square[k] + to_square * (g[k] * g[k] - square[k])
        mean[k] = mean_k
        square[k] = square_k
        weight[k] -= step_size * mean_k / (np.sqrt(square_k) * root_scale + eps)
