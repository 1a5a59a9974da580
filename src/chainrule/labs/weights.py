"""How the labs' networks begin: weights drawn as the lab says, biases 0."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.layers import Layer, init
from chainrule.layers.parameter import Parameter


def draw_weights(model: Layer, fill: Callable[[Parameter], object]) -> None:
    """Fills each weight by `fill`, in the model's order, and each bias with zeros."""
    for parameter in model.parameters():
        if len(parameter.shape) > 1:
            fill(parameter)
        else:
            init.zeros_(parameter)
