"""The network, and the four kinds of weights that it can begin with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.layers import Conv2d, Flatten, Layer, Linear, Sequential, init, manual_seed
from chainrule.layers.parameter import Parameter

from ..pictures import BLUE, GREEN, ORANGE, VERMILION
from ..weights import draw_weights
from .options import ACTIVATIONS, CURES, Options

SMALL = {"color": BLUE, "marker": "o", "linewidth": 3.2}
LARGE = {"color": VERMILION, "marker": "^", "linewidth": 1.6, "linestyle": "--"}
WITHOUT_AREA = {"color": ORANGE, "marker": "s", "linewidth": 1.4}
CURE = {"color": GREEN, "marker": "D", "linewidth": 1.4}


@dataclass(frozen=True)
class Start:
    """A way to draw the initial weights."""

    name: str
    style: dict[str, Any]  # how it looks in the picture
    fill: Callable[[Parameter], object]


def ways_to_start(options: Options) -> list[Start]:
    """Too small, too large, a fan-in that forgets the kernel's area, and the cure."""

    def without_area(weight: Parameter) -> object:
        # Glorot's with fan_in = in and fan_out = out: right for Linear, 3 times too large for a 3 x 3 kernel
        return init.normal_(weight, 0.0, math.sqrt(2 / (weight.shape[0] + weight.shape[1])))

    return [
        Start(f"N(0, {options.small:g})", SMALL, lambda weight: init.normal_(weight, 0.0, options.small)),
        Start(f"N(0, {options.large:g})", LARGE, lambda weight: init.normal_(weight, 0.0, options.large)),
        Start("fan-in without area", WITHOUT_AREA, without_area),
        Start(options.cure.capitalize(), CURE, CURES[options.cure]),
    ]


def build(options: Options, start: Start, seed: int, side: int = 8, classes: int = 10) -> Sequential:
    """conv 3 x 3, activation function, `depth` times, then Linear: weights drawn from `start`, biases 0."""
    manual_seed(seed)
    layers: list[Layer] = []
    for i in range(options.depth):
        convolution = Conv2d(options.width if i else 1, options.width, 3, padding="same")
        layers += [convolution, ACTIVATIONS[options.activation]()]
    model = Sequential(*layers, Flatten(), Linear(options.width * side * side, classes))
    draw_weights(model, start.fill)
    return model
