"""Whole networks. `build(name, **options)` makes one by name, which is how a run finds its model again."""

from collections.abc import Callable
from typing import Any

from chainrule.layers import Sequential

from .convnet import color_convnet, fashion_convnet, keras_convnet, pytorch_convnet, small_convnet
from .lenet5 import lenet5
from .recurrent_lm import RecurrentLM

MODELS: dict[str, Callable[..., Sequential]] = {
    "small": small_convnet,
    "keras": keras_convnet,
    "lenet5": lenet5,
    "pytorch": pytorch_convnet,
    "fashion": fashion_convnet,
    "color": color_convnet,
}


def build(name: str, **options: Any) -> Sequential:
    """The model of this name. Raises ValueError, listing all names, if there is none."""
    if name not in MODELS:
        raise ValueError(f"no model is called {name!r}: there are {', '.join(MODELS)}")
    return MODELS[name](**options)


__all__ = [
    "MODELS", "RecurrentLM", "build", "color_convnet", "fashion_convnet", "keras_convnet", "lenet5",
    "pytorch_convnet", "small_convnet",
]  # fmt: skip
