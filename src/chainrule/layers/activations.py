"""Activations as layers: element by element on any shape, without parameters."""

from __future__ import annotations

from typing import Literal

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

from .parameterless import Parameterless


class ReLU(Parameterless):
    """max(x, 0). See `chainrule.functions.relu`."""

    function, function_backward = staticmethod(relu), staticmethod(relu_backward)


class LeakyReLU(Parameterless):
    """x where positive, negative_slope · x elsewhere. See `chainrule.functions.leaky_relu`."""

    function, function_backward = staticmethod(leaky_relu), staticmethod(leaky_relu_backward)

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__(negative_slope=negative_slope)


class Sigmoid(Parameterless):
    """1 / (1 + e⁻ˣ). See `chainrule.functions.sigmoid`."""

    function, function_backward = staticmethod(sigmoid), staticmethod(sigmoid_backward)


class Tanh(Parameterless):
    """tanh x. See `chainrule.functions.tanh`."""

    function, function_backward = staticmethod(tanh), staticmethod(tanh_backward)


class GELU(Parameterless):
    """x Φ(x), exactly or with approximate="tanh". See `chainrule.functions.gelu`."""

    function, function_backward = staticmethod(gelu), staticmethod(gelu_backward)

    def __init__(self, approximate: Literal["none", "tanh"] = "none") -> None:
        super().__init__(approximate=approximate)


class Softmax(Parameterless):
    """Probabilities along `axis`. Before a cross-entropy it is wrong: that one takes logits. See `chainrule.functions.softmax`."""

    function, function_backward = staticmethod(softmax), staticmethod(softmax_backward)

    def __init__(self, axis: int = -1) -> None:
        super().__init__(axis=axis)


class LogSoftmax(Parameterless):
    """Logarithms of probabilities along `axis`. See `chainrule.functions.log_softmax`."""

    function, function_backward = staticmethod(log_softmax), staticmethod(log_softmax_backward)

    def __init__(self, axis: int = -1) -> None:
        super().__init__(axis=axis)
