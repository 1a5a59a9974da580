"""How the weights of whole models begin, where it is not how each layer begins alone."""

from __future__ import annotations

from typing import TypeVar

from chainrule.layers import Conv2d, Layer, Linear, init

L = TypeVar("L", bound=Layer)


def glorot(model: L) -> L:
    """Glorot uniform matrices and kernels, zero biases; norms stay as they are."""
    for parameter in model.parameters():
        if len(parameter.shape) > 1:
            init.glorot_uniform_(parameter)
    for _, layer in model.named_layers():
        if isinstance(layer, Linear | Conv2d) and layer.bias is not None:
            init.zeros_(layer.bias)
    return model
