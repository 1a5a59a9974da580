"""Activations as layers: without parameters, on any shape."""

from __future__ import annotations

from chainrule.functions import (
    gelu,
    gelu_backward,
    leaky_relu,
    leaky_relu_backward,
    log_softmax,
    log_softmax_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
    tanh,
    tanh_backward,
)
from chainrule.functions.gelu import Approximate

from .parameterless import Parameterless


class ReLU(Parameterless):
    """max(x, 0). See `chainrule.functions.relu`."""

    pair = (relu, relu_backward)


class LeakyReLU(Parameterless):
    """x where it is positive, else negative_slope · x. See `chainrule.functions.leaky_relu`."""

    pair = (leaky_relu, leaky_relu_backward)
    options = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope


class Sigmoid(Parameterless):
    """1 / (1 + exp(-x)). See `chainrule.functions.sigmoid`."""

    pair = (sigmoid, sigmoid_backward)


class Tanh(Parameterless):
    """The hyperbolic tangent. See `chainrule.functions.tanh`."""

    pair = (tanh, tanh_backward)


class GELU(Parameterless):
    """x · Φ(x), exactly ("none") or approximately ("tanh"). See `chainrule.functions.gelu`."""

    pair = (gelu, gelu_backward)
    options = ("approximate",)

    def __init__(self, approximate: Approximate = "none") -> None:
        self.approximate = approximate


class Softmax(Parameterless):
    """Scores become probabilities along `dim`. See `chainrule.functions.softmax`.

    Not to be put before CrossEntropyLoss: that one takes the scores themselves.
    """

    pair = (softmax, softmax_backward)
    options = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim


class LogSoftmax(Parameterless):
    """Scores become log-probabilities along `dim`. See `chainrule.functions.log_softmax`."""

    pair = (log_softmax, log_softmax_backward)
    options = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim
