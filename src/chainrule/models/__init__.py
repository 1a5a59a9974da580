"""Whole networks. `build(name, **options)` makes one for images by name, which is how a run finds its model
again.
"""

from collections.abc import Callable
from typing import Any

from chainrule.layers import Layer

from .convnet import color_convnet, fashion_convnet, keras_convnet, pytorch_convnet, small_convnet
from .lenet5 import lenet5
from .many_to_one import ManyToOne
from .recurrent_classifier import RecurrentClassifier
from .recurrent_lm import RecurrentLM
from .row_classifier import RowClassifier

MODELS: dict[str, Callable[..., Layer]] = {
    "small": small_convnet,
    "keras": keras_convnet,
    "lenet5": lenet5,
    "pytorch": pytorch_convnet,
    "fashion": fashion_convnet,
    "color": color_convnet,
    "lstm": RowClassifier,
}


def build(name: str, **options: Any) -> Layer:
    """The model of this name. Raises ValueError, listing all names, if there is none."""
    if name not in MODELS:
        raise ValueError(f"no model is called {name!r}: there are {', '.join(MODELS)}")
    return MODELS[name](**options)


__all__ = [
    "MODELS", "ManyToOne", "RecurrentClassifier", "RecurrentLM", "RowClassifier", "build", "color_convnet",
    "fashion_convnet", "keras_convnet", "lenet5", "pytorch_convnet", "small_convnet",
]  # fmt: skip
