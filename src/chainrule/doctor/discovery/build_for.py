"""Weights for an object that was handed to `check` before they were made: by its fit(X, y), or by what builds
them, with the sizes of the data.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from ..calling import required
from ..objects import forward_of, stored_attributes
from .limits import TimeUp, muted, time_limit
from .methods import method
from .roles import roles_of
from .unbuilt import fitting_method, is_unbuilt, makers_of, missing_in

SECONDS = 5.0


def built_for(model: Any, inputs: tuple[Any, ...], target: Any = None) -> tuple[Any, tuple[Any, ...]]:
    """The object with weights, a copy of the one that was handed in, and what its forward takes. Both as they
    are where nothing is missing, or where it cannot be made.
    """
    if not inputs or isinstance(model, (type, tuple, list)) or not is_unbuilt(model):
        return model, inputs
    kind: Any = type(model)
    data = (*inputs, target) if target is not None else inputs
    fit = fitting_method(kind)
    tries = [[(fit, data[:2])]] if fit and len(data) > 1 else []
    tries.append([(name, _arguments(kind, name, data)) for name in makers_of(kind)])
    for calls in tries:
        made = _called(model, calls)
        if made is not None:
            forward = getattr(made, str(forward_of(made)))
            return made, inputs[: max(len(required(forward)), 1)]
    return model, inputs


def _called(model: Any, calls: list[tuple[str, tuple[Any, ...]]]) -> Any:
    """A copy on which these methods were called; None where one of them fails, or makes no weights."""
    try:
        with muted(), time_limit(SECONDS):
            made = copy.deepcopy(model)
            for name, arguments in calls:
                getattr(made, name)(*arguments)
    except (Exception, TimeUp):
        return None
    return made if missing_in(type(made)) <= set(stored_attributes(made)) else None  # type: ignore[arg-type]


def _arguments(cls: Any, name: str, data: tuple[Any, ...]) -> tuple[Any, ...]:
    """Of a method like build(n_in, n_out, rng): sizes first those of the data, then those of the labels."""
    function = method(cls, (name,))
    x = np.asarray(data[0])
    sizes = [x.shape[-1], _outputs(data)]
    found: list[Any] = []
    for parameter in required(function)[1:] if function is not None else ():
        roles = roles_of(parameter.name)
        if "labels" in roles and len(data) > 1:
            found.append(data[1])
        elif "shape" in parameter.name:
            found.append(x.shape)
        elif "generator" in roles:
            found.append(np.random.default_rng(0))
        elif "seed" in roles:
            found.append(0)
        elif parameter.name.lower() in ("x", "data", "inputs", "input", "x_train"):
            found.append(x)
        else:
            found.append(sizes.pop(0) if len(sizes) > 1 else sizes[0])
    return tuple(found)


def _outputs(data: tuple[Any, ...]) -> int:
    """How many classes the labels tell, or how many numbers each sample has."""
    y = np.asarray(data[1]) if len(data) > 1 else np.zeros((1, 3))
    if y.dtype.kind in "iu":
        return len(np.unique(y))
    return int(y.shape[-1]) if y.ndim > 1 else 1
