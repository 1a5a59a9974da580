"""Reading what references give and hold: outputs without caches, parameters without gradients, modes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays_inside import Place
from ..calling import TRAINING
from ..naming import belongs
from ..objects import stored_attributes
from ..parameters import is_gradient_place
from ..structure import leaves

Leaf = tuple[str, np.ndarray]


def floats(value: Any) -> list[Leaf]:
    """The floating leaves of an output, without the cache that may stand at its end.

    Of a loss that returns its sum and the count to divide it by: the mean, and the sum.
    """
    if is_counted(value):
        total, count = float(value[0]), float(value[1])
        return [("mean", np.asarray(total / count)), ("sum", np.asarray(total))]
    if type(value) is tuple:
        value = tuple(v for v in value if not _is_cache(v))
    return [(name, np.asarray(leaf)) for name, leaf in leaves(value)]


def is_counted(value: Any) -> bool:
    """chainrule's losses return (sum, count) before their cache."""
    numbers = (int, float, np.integer, np.floating)
    pair = type(value) is tuple and len(value) == 2 and all(np.ndim(v) == 0 for v in value)
    if not pair or not all(isinstance(v, (*numbers, np.ndarray)) for v in value):
        return False
    return bool(value[1] > 1 and float(value[1]).is_integer())


def _is_cache(value: Any) -> bool:
    return (isinstance(value, tuple) and hasattr(value, "_fields")) or isinstance(value, dict)


def backward_beside(function: Any) -> Callable[..., Any] | None:
    """chainrule's functions stand in pairs: conv2d, conv2d_backward."""
    module = str(getattr(function, "__module__", ""))
    if not module.startswith("chainrule.functions"):
        return None
    home = sys.modules.get("chainrule.functions")
    found: Callable[..., Any] | None = getattr(home, f"{function.__name__}_backward", None)
    return found


def tidy(path: str) -> str:
    """`conv.weight` for the path conv.weight._data."""
    holder, _, last = path.rpartition(".")
    return holder if holder and last in ("_data", "data", "value", "_value") else path


def is_gradient(place: Place, others: Sequence[Place]) -> bool:
    if is_gradient_place(place):
        return True
    same = [o for o in others if o is not place and o.container == place.container]
    return any(belongs(place.name, o.name) == 3 and np.shape(o.get()) == np.shape(place.get()) for o in same)


def mode_of(owner: Any, kwargs: dict[str, Any]) -> bool | None:
    """Whether a subject is in training mode, where it says so."""
    attributes = stored_attributes(owner) if owner is not None else {}
    for name in TRAINING:
        for value in (kwargs.get(name), attributes.get(name), getattr(type(owner), name, None)):
            if isinstance(value, bool):
                return value
    return None


def put_into_mode(thing: Any, training: bool) -> bool:
    """By train() and eval(), or by an attribute. False where it has no modes, or is in that one already."""
    if mode_of(thing, {}) in (None, training):
        return False
    method = getattr(thing, "train" if training else "eval", None)
    if callable(method):
        method()
    for name in TRAINING:
        if isinstance(stored_attributes(thing).get(name), bool):
            object.__setattr__(thing, name, training)
    return mode_of(thing, {}) == training
