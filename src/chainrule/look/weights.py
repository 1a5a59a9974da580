"""The weights of a model that we know nothing about, whose they are, and how far a step moves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.doctor.arrays_inside import places
from chainrule.doctor.objects import children_of, find_method, is_leaf
from chainrule.doctor.parameters import find_parameters
from chainrule.functions.arrays import Array

from .statistics import norm

# what an optimizer inside of the model keeps changes with every step, and is no weight
_STATES = ("m", "v", "s", "velocity", "momentum", "momenta", "moment", "moments", "cache", "state")


@dataclass(frozen=True)
class Weight:
    """One array that learns, before the step and after it, and its gradient if it was found."""

    name: str
    layer: str  # the path of the layer that holds it
    before: Array
    after: Array
    gradient: Array | None

    @property
    def step(self) -> Array:
        """What the step added, in float64."""
        with np.errstate(all="ignore"):
            step: Array = self.after.astype(np.float64) - self.before
        return step

    @property
    def moved(self) -> bool:
        return not np.array_equal(self.before, self.after)


def contents(model: object) -> dict[str, Array]:
    """Copies of all floating arrays inside a model, by path: to be compared with later."""
    copies = {place.path: np.array(place.get()) for place in places(model)}
    return copies | {name: np.array(array) for name, array, _, _ in _named(model)}


def find_weights(
    model: object, layers: Mapping[str, object], before: dict[str, Array], between: dict[str, Array]
) -> list[Weight]:
    """Looks at a model right after its backward, or its whole step.

    before, between: its contents before forward and before backward (before the step, where the model takes
    it by itself).
    """
    holders = _holders(layers)
    named = _named(model)
    if named:
        return [
            Weight(name, holders.get(id(owner), ""), before[name], np.array(array), gradient)
            for name, array, gradient, owner in named
            if name in before
        ]
    now = contents(model)
    moved = {
        path
        for path, old in between.items()
        if path in before and path in now and not np.array_equal(old, now[path])
    }
    return [
        Weight(
            parameter.name,
            holders.get(id(parameter.place.owner), ""),
            before[parameter.place.path],
            now[parameter.place.path],
            None
            if parameter.gradient is None
            else _fitting(parameter.gradient.get(), now[parameter.place.path]),
        )
        for parameter in find_parameters(model, before, moved)
        if parameter.place.path in now
        and before[parameter.place.path].shape == now[parameter.place.path].shape
        and not any(part.strip("_").lower() in _STATES for part in parameter.place.path.split("."))
    ]


def ratio(weights: Sequence[Weight], learning_rate: float | None) -> float | None:
    """How far a step moves some weights, relative to how long they are: ‖step‖ / ‖w‖.

    Where the step left them as they were, it is that of gradient descent with the learning rate. None if
    there is no way to tell.
    """
    length = norm(*(weight.before for weight in weights))
    if not length:
        return None
    if any(weight.moved for weight in weights):
        return norm(*(weight.step for weight in weights)) / length
    gradients = [weight.gradient for weight in weights if weight.gradient is not None]
    if learning_rate is None or not gradients:
        return None
    return learning_rate * norm(*gradients) / length


def _named(model: object) -> list[tuple[str, Array, Array | None, object]]:
    """(name, data, gradient, parameter) of a model that names its parameters itself, as ours and PyTorch's
    users' do; an empty list for all others.
    """
    if find_method(model, "named_parameters") is None:
        return []
    found: list[tuple[str, Array, Array | None, object]] = []
    try:
        for name, parameter in model.named_parameters():  # type: ignore[attr-defined]
            data, gradient = parameter.data, parameter.grad
            if not isinstance(data, np.ndarray):
                return []
            found.append((str(name), data, np.array(gradient), parameter))
    except Exception:  # a method of that name that means something else
        return []
    return found


def _fitting(gradient: Any, weight: Array) -> Array | None:
    return gradient if isinstance(gradient, np.ndarray) and gradient.shape == weight.shape else None


def _holders(layers: Mapping[str, object]) -> dict[int, str]:
    """The path of the layer for everything that a layer holds without another layer between, by id."""
    known = {id(layer): path for path, layer in layers.items()}
    holders = dict(known)
    # the innermost first, because a layer may keep a reference to what it stands in
    for path, layer in sorted(layers.items(), key=lambda item: -item[0].count(".") if item[0] else 1):
        todo = [layer]
        while todo:
            for _, child in children_of(todo.pop()):
                if id(child) not in holders and not is_leaf(child):
                    holders[id(child)] = path
                    todo.append(child)
    return holders
