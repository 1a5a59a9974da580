"""Calling a foreign optimizer: step(), step(params, grads), update(params, grads), with dicts or lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..calling import parameters_of, positional, required
from ..naming import LEARNING_RATES
from ..objects import find_method
from ..parameters import Parameter

METHODS = ("step", "update", "update_params", "apply_gradients", "apply", "optimize", "__call__")
_HOLDERS = (("params", "grads"), ("parameters", "gradients"), ("weights", "grads"), ("params", "gradients"))


def method_of(optimizer: Any) -> Callable[..., Any] | None:
    """What an optimizer is called by."""
    for name in METHODS:
        if find_method(optimizer, name) is not None:
            method: Callable[..., Any] = getattr(optimizer, name)
            return method
    return optimizer if callable(optimizer) else None


class Update:
    """One optimizer's step on one model. method: the model's own, that needs no optimizer."""

    def __init__(self, optimizer: Any, subject: Any, method: Callable[..., Any] | None = None) -> None:
        self.optimizer, self.subject = optimizer, subject
        method = method or method_of(optimizer)
        if method is None:
            raise TypeError(f"{type(optimizer).__name__} has no step() or update(): what moves the weights?")
        self.method = method
        self.wanted = len(required(method))
        if (
            not self.wanted
            and len(positional(method)) >= 2
            and not LEARNING_RATES.match(positional(method)[0].name)
        ):
            self.wanted = 2

    def __call__(self, parameters: list[Parameter], rate: float | None) -> None:
        """parameters: what the model learns, with the places of its gradients."""
        more = {}
        for parameter in parameters_of(self.method):
            if LEARNING_RATES.match(parameter.name) and rate is not None:
                more[parameter.name] = rate
        wanted = self.wanted - sum(p.name in more for p in required(self.method))
        if wanted <= 0:
            self.method(**more)
        elif wanted == 1:
            self.method(self.subject, **more)
        else:
            self._with_containers(parameters, more)

    def _with_containers(self, parameters: list[Parameter], more: dict[str, Any]) -> None:
        for ours, theirs in _HOLDERS:
            params, grads = getattr(self.subject, ours, None), getattr(self.subject, theirs, None)
            if isinstance(params, (dict, list)) and isinstance(grads, (dict, list)):
                self._take(self.method(params, grads, **more), params)
                return
        learned = [p for p in parameters if p.gradient is not None]
        arrays = {p.name: p.place.get() for p in learned}
        gradients = {p.name: p.gradient.get() for p in learned if p.gradient is not None}
        try:
            container: Any = dict(arrays)
            self._take(self.method(container, gradients, **more), container)
        except (TypeError, AttributeError, KeyError, IndexError, ValueError):
            container = list(arrays.values())
            self._take(self.method(container, list(gradients.values()), **more), container)
        values = container.values() if isinstance(container, dict) else container
        for parameter, before, after in zip(learned, arrays.values(), values, strict=False):
            if after is not before:
                parameter.place.set(after)

    @staticmethod
    def _take(result: Any, params: Any) -> None:
        """An optimizer may return the new parameters instead of changing them."""
        if isinstance(result, tuple) and result and isinstance(result[0], (dict, list)):
            result = result[0]
        if isinstance(result, dict) and isinstance(params, dict) and result.keys() == params.keys():
            params.update(result)
        elif isinstance(result, list) and isinstance(params, list) and len(result) == len(params):
            same = all(np.shape(a) == np.shape(b) for a, b in zip(result, params, strict=True))
            params[:] = result if same else params
