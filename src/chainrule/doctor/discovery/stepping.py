"""What a backward leaves on a model: gradients beside the weights, or the step that it has made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays_inside import places
from ..errors import NotASubject
from ..naming import LEARNING_RATES
from ..objects import stored_attributes
from ..parameters import find_parameters
from .model_arrays import arrays_of
from .whole import Function


def own_rate(model: Any, backward: Function) -> float | None:
    """The learning rate that a model steps by itself with: `self.lr`, a global one, 1 where it knows none.
    None where it cannot be told.
    """
    known = {**backward.__globals__, **stored_attributes(model)}
    rates: list[Any] = [known.get(name) for name in backward.__code__.co_names if LEARNING_RATES.match(name)]
    if len(rates) > 1 or not all(isinstance(r, (int, float)) for r in rates):
        return None
    return float(rates[0]) if rates else 1.0


def left_on(model: Any, before: dict[str, np.ndarray], rate: float | None) -> dict[str, Any]:
    """The gradients that backward leaves beside the weights, or the step that it has made of them."""
    now = {p.path: np.array(p.get(), dtype=float) for p in places(model)}
    moved = {path for path, value in before.items() if path in now and not np.array_equal(now[path], value)}
    names = {id(value): name for name, value in arrays_of(model)}
    found: dict[str, Any] = {}
    for parameter in find_parameters(model, before, moved):
        path, name = parameter.place.path, names.get(id(parameter.place.get()), "")
        if path in moved and rate:
            found[name] = (before[path] - now[path]) / rate
        elif path not in moved and parameter.gradient is not None:
            found[name] = parameter.gradient.get()
    if not found:
        raise NotASubject(
            "its backward neither returns nor keeps the gradients: let it return them, or leave them in "
            "attributes (self.dW1), or take a learning_rate"
        )
    return found
