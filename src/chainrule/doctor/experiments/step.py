"""One step of the chain rule, seen from outside: from the gradient g of what comes out to the gradient a of
what goes in, with the numerical Jacobian J between the two. The right answer is J.T g.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass
class Step:
    """What is known about one step back.

    jacobian: (outputs, inputs), flat. g: the gradient that arrives, flat. a: what backward makes of it.
    x: the values of what goes in. out_shape: the shape of what comes out.
    """

    name: str
    jacobian: np.ndarray
    g: np.ndarray
    a: np.ndarray
    x: np.ndarray
    y: np.ndarray
    is_parameter: bool = False
    ids: list[np.ndarray] = field(default_factory=list)  # integer inputs of the layer
    several: bool = False  # whether y is several outputs in a row

    @property
    def n(self) -> np.ndarray:
        right: np.ndarray = (self.g @ self.jacobian).reshape(self.x.shape)
        return right

    @property
    def out_shape(self) -> Shape:
        return self.y.shape

    @property
    def contributions(self) -> np.ndarray:
        """(outputs, inputs): what each output adds to each input's gradient."""
        parts: np.ndarray = self.g[:, None] * self.jacobian
        return parts


Verdict = tuple[str, dict[str, Any], str]  # code, evidence, the proof in words
