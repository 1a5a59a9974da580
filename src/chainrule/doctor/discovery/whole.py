"""Forward, loss and backward in one call, as scripts and first networks have it.

    loss, dWxh, dWhh = lossFun(inputs, targets, hprev)      a function on arrays of its module
    loss, dx = softmax_loss(x, y)                           ... or on its arguments
    nabla_b, nabla_w = network.backprop(x, y)               a method, with a loss in another method

They become objects with forward(*inputs) -> loss and backward() that leave gradients in `grads`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..calling import positional, returned_names
from ..naming import UPSTREAMS, belongs
from ..objects import BACKWARD_NAMES, FORWARD_NAMES, stored_attributes
from ..structure import is_array, is_real
from .adapters import wearing
from .methods import method
from .roles import roles_of

LOSS = re.compile(r"^(total_?)?(loss|cost|j|nll|err(or)?|objective)(es)?$", re.I)
LOSS_METHODS = (
    "loss", "cost", "compute_loss", "compute_cost", "loss_function", "cost_function", "get_loss", "objective",
)  # fmt: skip
Function = Callable[..., Any]


class Whole:
    """forward(*inputs) gives the loss, backward() the gradients: of parameters in `grads`, of inputs as its
    result.

    parameters: the arrays themselves, by name. gradients: takes the inputs, gives gradients by name.
    """

    def __init__(
        self,
        shown: tuple[Function, Function],
        loss: Function,
        gradients: Callable[[tuple[Any, ...]], dict[str, Any]],
        parameters: dict[str, np.ndarray],
    ) -> None:
        self.params: dict[str, Any] = parameters
        self.grads: dict[str, Any] = dict.fromkeys(parameters)
        self.given: tuple[Any, ...] = ()
        self.docs = tuple(f.__doc__ or "" for f in shown)
        # of a method, without self
        names = [p.name for p in positional(shown[0])]

        def forward(*inputs: Any) -> float:
            self.given = inputs
            return float(np.asarray(loss(*inputs)))

        def backward() -> Any:
            found = gradients(self.given)
            self.grads = {name: found.get(name) for name in self.params}
            of_inputs = tuple(found.get(name) for name in names[: len(self.given)])
            return None if all(g is None for g in of_inputs) else of_inputs

        model = getattr(shown[0], "__self__", None)
        self.__class__ = type(type(model).__name__ if model is not None else shown[0].__name__, (Whole,), {})
        shown_as = getattr(shown[0], "__func__", shown[0])
        self.forward = wearing(forward, shown_as, inspect.signature(shown[0]))
        self.backward = wearing(backward, getattr(shown[1], "__func__", shown[1]), inspect.Signature())


# ---------------------------------------------------------------- functions


def gives_gradients(function: Function) -> bool:
    """Whether a function returns a loss and gradients of its arguments or of arrays of its module."""
    return bool(_gradients_of(function))


def whole_function(function: Function) -> Whole:
    """The object for such a function. It is called through its module, where a copy may stand in for it."""
    places = _gradients_of(function)
    at = _loss_at(function)
    arguments = {p.name for p in positional(function)}

    def call(inputs: tuple[Any, ...]) -> Any:
        return function.__globals__[function.__name__](*inputs)

    return Whole(
        (function, function),
        lambda *inputs: call(inputs)[at],
        lambda inputs: (lambda found: {n: found[i] for n, i in places.items()})(call(inputs)),
        {n: function.__globals__[n] for n in places if n not in arguments},
    )


def _loss_at(function: Function) -> int:
    return next(i for i, name in enumerate(returned_names(function) or []) if LOSS.match(name))


def _gradients_of(function: Function) -> dict[str, int]:
    """For each argument or array of the module: where its gradient stands among the results."""
    names = returned_names(function) or []
    if len(names) < 2 or sum(bool(LOSS.match(n)) for n in names) != 1:
        return {}
    arguments = [p.name for p in positional(function)]
    arrays = [n for n in function.__code__.co_names if is_real(function.__globals__.get(n))]
    arrays = [n for n in arrays if is_array(function.__globals__[n])]
    found: dict[str, int] = {}
    for i, name in enumerate(names):
        owners = [
            n for n in (*arguments, *arrays) if n != name and UPSTREAMS.match(name) and belongs(name, n)
        ]
        if owners:
            found[max(owners, key=lambda n: belongs(name, n))] = i
    return found


# ---------------------------------------------------------------- methods


def begins_itself(cls: type) -> bool:
    """Whether the class's backward takes an input and a target, and not what comes from above."""
    backward, forward = method(cls, BACKWARD_NAMES), method(cls, FORWARD_NAMES)
    if backward is None or forward is None:
        return False
    names = [p.name for p in positional(backward)][1:3]
    asked = [p.name for p in positional(forward)][1:]
    if len(names) < 2 or len(asked) != 1 or UPSTREAMS.match(names[0]):
        return False
    return "labels" in roles_of(names[1]) and "labels" not in roles_of(names[0])


def loss_method(cls: type) -> Function | None:
    """A method cost(x, y) or cost(output, y)."""
    cost = method(cls, LOSS_METHODS)
    return cost if cost is not None and len(positional(cost)) == 3 else None


def whole_model(model: Any) -> Whole:
    """The object for a model with such a backward and a loss. Raises LookupError where there is no loss."""
    kind = type(model)
    backward, forward, cost = method(kind, BACKWARD_NAMES), method(kind, FORWARD_NAMES), loss_method(kind)
    if backward is None or forward is None or cost is None:
        raise LookupError(f"{kind.__name__} has no loss(x, y)")
    of_output = not belongs_to_input(cost, backward)
    parameters = dict(_arrays(model))

    def loss(x: Any, y: Any) -> Any:
        return getattr(model, cost.__name__)(getattr(model, forward.__name__)(x) if of_output else x, y)

    names = returned_names(backward) or []

    def gradients(inputs: tuple[Any, ...]) -> dict[str, Any]:
        returned = getattr(model, backward.__name__)(*inputs)
        parts = returned if isinstance(returned, tuple) else (returned,)
        return dict(_matched(model, parts, names))

    first = getattr(model, backward.__name__ if of_output else cost.__name__)
    return Whole((first, getattr(model, backward.__name__)), loss, gradients, parameters)


def belongs_to_input(cost: Function, backward: Function) -> bool:
    """Whether the loss takes what backward takes, or the output of forward."""
    return [p.name for p in positional(cost)][1] == [p.name for p in positional(backward)][1]


def _arrays(model: Any) -> Iterator[tuple[str, np.ndarray]]:
    for name, value in stored_attributes(model).items():
        for key, item in _items(value):
            if is_array(item) and is_real(item):
                yield f"{name}.{key}" if key is not None else name, item


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else [(None, value)]


def _matched(model: Any, parts: tuple[Any, ...], names: list[str]) -> Iterator[tuple[str, Any]]:
    """Each returned list, dict or array beside the attribute that has its shapes, or else its name."""
    left = dict(stored_attributes(model))
    for i, part in enumerate(parts):
        keys, shapes = zip(*((k, np.shape(v)) for k, v in _items(part)), strict=True)
        said = names[i] if i < len(names) else ""
        alike = {n: v for n, v in left.items() if [k for k, _ in _items(v)] == list(keys)}
        same = [n for n, v in alike.items() if [np.shape(w) for _, w in _items(v)] == list(shapes)]
        fitting = [n for n in alike if belongs(said, n)]
        name = next(iter([n for n in same if n in fitting] or same or fitting), None)
        if name is None:
            continue
        del left[name]
        for key, item in _items(part):
            yield f"{name}.{key}" if key is not None else name, item
