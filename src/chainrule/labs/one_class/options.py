"""What can be tried: the lab's switches, and what the words among them stand for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from chainrule.layers import Layer, ReLU, Sigmoid, Tanh, init

from ..lab import require_positive, switch

# what an activation function multiplies the spread by, as long as its inputs are near 0
SLOPES = {"relu": math.sqrt(0.5), "tanh": 1.0, "sigmoid": 0.25}
ACTIVATIONS: dict[str, Callable[[], Layer]] = {"relu": ReLU, "tanh": Tanh, "sigmoid": Sigmoid}
CURES = {"glorot": init.glorot_uniform_, "he": init.he_normal_}


@dataclass(frozen=True)
class Options:
    """What can be tried."""

    activation: str = switch("relu", "relu, tanh or sigmoid")
    depth: int = switch(6, "convolutions before the last layer")
    small: float = switch(0.01, "standard deviation of the weights that are too small")
    large: float = switch(1.0, "standard deviation of the weights that are too large")
    cure: str = switch("glorot", "glorot or he")
    optimizer: str = switch("sgd", "sgd (with momentum 0.9) or adam")
    lr: float = switch(0.01, "learning rate")
    epochs: int = switch(10, "passes through the training images")
    width: int = switch(12, "channels of each convolution")
    runs: int = switch(3, "runs of each kind, from different weights")

    def __post_init__(self) -> None:
        choices = {"activation": list(ACTIVATIONS), "cure": list(CURES), "optimizer": ["sgd", "adam"]}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}")
        require_positive(self, "depth", "epochs", "width", "runs", "small", "large", "lr")
