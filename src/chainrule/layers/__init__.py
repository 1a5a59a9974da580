"""Layers: parameters and composition, on top of the pairs of functions. Names, options and layouts are PyTorch's."""

from . import init
from .activations import ReLU
from .conv2d import Conv2d
from .dropout import Dropout
from .flatten import Flatten
from .layer import Layer
from .linear import Linear
from .new import default_dtype
from .parameter import Buffer, Parameter
from .pooling import MaxPool2d
from .randomness import manual_seed, randomness
from .residual import Residual
from .sequential import Sequential

__all__ = [
    "Buffer", "Conv2d", "Dropout", "Flatten", "Layer", "Linear", "MaxPool2d", "Parameter", "ReLU", "Residual", "Sequential",
    "default_dtype", "init", "manual_seed", "randomness",
]  # fmt: skip
