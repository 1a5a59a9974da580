"""What the tests of attention and of the Transformer's layers share: sizes, masks, PyTorch's counterparts."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

import numpy as np
from protocol import normal, torch_or_skip

from chainrule.layers import Layer

L = TypeVar("L", bound=Layer)

BATCH, TARGET, SOURCE, D_MODEL, HEADS = 3, 4, 5, 6, 2
TGT, MEMORY = normal(BATCH, TARGET, D_MODEL), normal(BATCH, SOURCE, D_MODEL, seed=1)
# ragged: True = ignore; one sample as long as the rectangle
TGT_PADDING = np.arange(TARGET) >= np.array([2, 4, 3])[:, None]
MEMORY_PADDING = np.arange(SOURCE) >= np.array([5, 2, 4])[:, None]
LATER = ~np.tri(TARGET, dtype=bool)  # True = ignore


def shaken(layer: L) -> L:
    """Every parameter off its initial value: a gain of 1 or a bias of 0 would hide a forgotten factor."""
    for i, parameter in enumerate(layer.parameters()):
        parameter.data[...] += 0.3 * normal(*parameter.shape, seed=i)
    return layer


def torch_layer(name: str, *args: Any, **options: Any) -> Any:
    """torch.nn's layer of this name, batch first, every parameter off its initial value."""
    kind = getattr(torch_or_skip().nn, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, about its own fast path
        return shaken_torch(kind(*args, batch_first=True, **options))


def shaken_torch(module: Any) -> Any:
    torch = torch_or_skip()
    with torch.no_grad():
        for i, parameter in enumerate(module.parameters()):
            parameter += 0.3 * torch.tensor(normal(*parameter.shape, seed=i), dtype=parameter.dtype)
    return module


def tensor(array: Any) -> Any:
    return torch_or_skip().tensor(array)
