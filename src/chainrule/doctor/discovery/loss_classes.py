"""Classes that are a loss: one method for its value and one for its gradient, both of (prediction, target).

class SquaredError:
    def loss(self, predicted, actual): ...          value(...), __call__(...)
    def gradient(self, predicted, actual): ...      grad(...), derivative(...)
"""

from __future__ import annotations

import inspect
from typing import Any

from ..calling import required
from ..objects import PUBLIC_BACKWARD_NAMES, PUBLIC_FORWARD_NAMES
from .adapters import Pair
from .methods import constructor_of, method
from .roles import roles_of
from .whole_methods import GRADIENT_METHODS, LOSS_METHODS

VALUES = (*LOSS_METHODS, "value", "calculate", "fn", "f", "__call__", *PUBLIC_FORWARD_NAMES)
GRADIENTS = (
    *GRADIENT_METHODS,
    "grad",
    "derivative",
    "deriv",
    "prime",
    "d",
    "df",
    "loss_gradient",
    "backward",
)


def loss_parts(cls: type) -> Pair | None:
    """The two as functions; None where this is no such class, or its constructor asks for something."""
    value, gradient = method(cls, VALUES), method(cls, GRADIENTS)
    constructor: Any = constructor_of(cls)
    if value is None or gradient is None or _is_layer(value, gradient):
        return None
    if inspect.isfunction(constructor) and len(required(constructor)) > 1:
        return None
    names = [_asked(cls, f) for f in (value, gradient)]
    if any(len(asked) != 2 for asked in names) or not any("labels" in roles_of(n) for n in names[0]):
        return None
    if not any("labels" in roles_of(n) for n in names[1]):
        return None
    try:
        made = cls()
        return getattr(made, value.__name__), getattr(made, gradient.__name__)
    except Exception:
        return None


def _is_layer(value: Any, gradient: Any) -> bool:
    """forward with backward is asked as a layer is."""
    return value.__name__ in PUBLIC_FORWARD_NAMES and gradient.__name__ in PUBLIC_BACKWARD_NAMES


def _asked(cls: type, function: Any) -> list[str]:
    names = [p.name for p in required(function)]
    is_static = isinstance(inspect.getattr_static(cls, function.__name__, None), staticmethod)
    return names if is_static else names[1:]
