"""The models: the sizes that their originals are known for, and the same answers as the same network in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.layers import BatchNorm2d, Conv2d, Linear, Parameter, default_dtype, manual_seed
from chainrule.models import MODELS, build

# name, options, number of parameters
COUNTS = [
    ("keras", {}, 34_826),
    ("lenet5", {}, 61_706),
    ("pytorch", {}, 1_199_882),
    ("color", {"in_channels": 3, "size": 32, "classes": 5}, 56_549),
    ("fashion", {}, 94_570),
    ("small", {}, 34_570 - 1_024 + 0),
]


def parameter_count(parameters: list[Parameter]) -> int:
    return sum(p.size for p in parameters)
