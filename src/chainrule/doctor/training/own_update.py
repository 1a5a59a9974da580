"""A model that moves its weights itself, once its gradients are there: `net.backward(d); net.update(0.1)`.

Or its layers do, or an optimizer that it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..calling import positional, required
from ..naming import LEARNING_RATES
from ..objects import find_method, layers_of, stored_attributes
from ..projects import is_foreign_module
from .likeness import is_optimizer

NAMES = (
    "update", "update_params", "update_parameters", "update_weights", "apply_gradients", "apply_grads",
    "apply_gradient", "apply", "optimizer_step", "optimize", "sgd", "sgd_step", "gradient_step", "descend",
    "gradient_descent", "step",
)  # fmt: skip
Method = Callable[..., Any]


def own_update(subject: Any) -> Method | None:
    """The model's own method, or all of its layers' in one; None where there is none, or an optimizer that
    asks for something.
    """
    method = _of_object(subject)
    if method is not None:
        return method
    if held_optimizer(subject) is not None:
        return None  # that one is to be called
    layers = [m for layer in layers_of(subject).values() if (m := _of_object(layer)) is not None]
    if not layers:
        return None
    rates = [rate_of(m) for m in layers]

    def all_of_them(learning_rate: float | None = None) -> None:
        for update, rate in zip(layers, rates, strict=True):
            update(**({rate: learning_rate} if rate is not None and learning_rate is not None else {}))

    return all_of_them if any(rates) else lambda: all_of_them()


def held_optimizer(subject: Any) -> Any:
    """An optimizer among the model's attributes; None where there is none."""
    return next((v for v in stored_attributes(subject).values() if is_optimizer(type(v))), None)


def rate_of(method: Method) -> str | None:
    """The name of its learning rate."""
    return next((p.name for p in positional(method) if LEARNING_RATES.match(p.name)), None)


def _of_object(value: Any) -> Method | None:
    """A method under a usual name that asks for nothing, or for a learning rate; or any that asks for just a
    learning rate.
    """
    names = [
        name for kind in type(value).__mro__ if is_foreign_module(kind.__module__) for name in vars(kind)
    ]
    others = [n for n in dict.fromkeys(names) if n not in NAMES and not n.startswith("__")]
    for name in (*NAMES, *others):
        if find_method(value, name) is None:
            continue
        method = getattr(value, name)
        asked = [p.name for p in required(method)] if callable(method) else ["x"]
        rate = [n for n in asked if LEARNING_RATES.match(n)]
        if len(asked) == len(rate) == 1 or (name in NAMES and not asked):
            return method  # type: ignore[no-any-return]
    return None
