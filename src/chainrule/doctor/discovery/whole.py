"""Forward, loss and backward in one call, as scripts and first networks have it.

    loss, dWxh, dWhh = lossFun(inputs, targets, hprev)      a function on arrays of its module
    loss, dx = softmax_loss(x, y)                           ... or on its arguments
    grads, cost = propagate(w, b, X, Y)                     ... with the gradients in a dict

(methods are in `whole_methods`). They become objects with forward(*inputs) -> loss and backward() that leave
gradients in `grads`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..calling import positional
from ..errors import NotASubject
from ..naming import belongs
from ..structure import is_array, is_real
from .adapters import wearing
from .results import HOLDERS, Results, results_of
from .roles import roles_of

Function = Callable[..., Any]


class Whole:
    """forward(*inputs) gives the loss, backward() the gradients: of parameters in `grads`, of inputs as its
    result.

    shown: as whose forward and backward they appear. parameters: the arrays themselves, by name. gradients:
    takes the inputs, gives gradients by name. count: of arguments that are inputs. asks: the function with
    these arguments, if it is not the first.
    """

    inputs_are_data = True  # for which nobody expects a gradient

    def __init__(
        self,
        shown: tuple[Function, Function],
        loss: Function,
        gradients: Callable[..., dict[str, Any]],
        parameters: dict[str, np.ndarray],
        count: int | None = None,
        asks: Function | None = None,
    ) -> None:
        self.params: dict[str, Any] = parameters
        self.grads: dict[str, Any] = dict.fromkeys(parameters)
        self.given: tuple[tuple[Any, ...], dict[str, Any]] = (), {}
        self.says: Callable[[], str] = str  # which loss was assumed
        self.held: tuple[Any, ...] = ()  # the inputs with which the model was built
        self.docs = tuple(f.__doc__ or "" for f in shown)
        # of a method, without self
        asks = asks or shown[0]
        names = [p.name for p in positional(asks)][:count]

        def forward(*inputs: Any, **kwargs: Any) -> float:
            self.given = inputs, kwargs
            return float(np.asarray(loss(*inputs, **kwargs)))

        def backward() -> Any:
            found = gradients(*self.given[0], **self.given[1])
            if not any(name in found for name in (*self.params, *names)):
                raise NotASubject(
                    "the gradients that it gives carry the names of none of its arrays and inputs: call that "
                    "of W dW, or put it under the key W"
                )
            self.grads = {name: found.get(name) for name in self.params}
            of_inputs = tuple(found.get(name) for name in names[: len(self.given[0])])
            return None if all(g is None for g in of_inputs) else of_inputs

        model = getattr(shown[0], "__self__", None)
        self.model = lambda: model  # a function: what is inside of the model is not looked at twice
        name = type(model).__name__ if model is not None else shown[0].__name__
        told = {"speaks_for": type(model)} if model is not None else {}
        self.__class__ = type(name, (Whole,), told)
        shown_as = getattr(shown[0], "__func__", shown[0])
        self.forward = wearing(forward, shown_as, _asking(inspect.signature(asks), count))
        self.backward = wearing(backward, getattr(shown[1], "__func__", shown[1]), inspect.Signature())


def _asking(signature: inspect.Signature, count: int | None) -> inspect.Signature:
    """Labels with a default (`y=None`: then it is no loss) are asked for, and so is a penalty of 0."""
    empty = inspect.Parameter.empty
    found: list[inspect.Parameter] = []
    for p in list(signature.parameters.values())[:count]:
        roles = roles_of(p.name)
        hides = (p.default is None and "labels" in roles) or (p.default == 0 and "penalty" in roles)
        before = all(q.default is empty for q in found)
        found.append(p.replace(default=empty) if hides and before else p)
    return signature.replace(parameters=found)


# ---------------------------------------------------------------- functions


def gives_gradients(function: Function) -> bool:
    """Whether a function returns a loss and gradients of its arguments or of arrays of its module."""
    results = results_of(function)
    if results is None:
        return False
    arguments = [p.name for p in positional(function)]
    known = [*arguments, *_arrays_of_module(function)]
    told = any(belongs(key, name) or key == name for key in results.keys for name in known)
    return bool(
        results.owners(known)
        or told
        or (results.bundle is not None and any(HOLDERS.match(name) for name in arguments))
        or _of_first(results, arguments) is not None
    )


def whole_function(function: Function) -> Whole:
    """The object for such a function. It is called through its module, where a copy may stand in for it."""
    results = results_of(function)
    assert results is not None
    arguments = [p.name for p in positional(function)]
    arrays = _arrays_of_module(function)
    places = results.owners([*arguments, *arrays])
    first = _of_first(results, arguments) if not places else None
    if first is not None:
        places = {arguments[0]: first}

    def call(*inputs: Any, **kwargs: Any) -> Any:
        return function.__globals__.get(function.__name__, function)(*inputs, **kwargs)

    def loss(*inputs: Any, **kwargs: Any) -> Any:
        return call(*inputs, **kwargs)[results.loss]

    def gradients(*inputs: Any, **kwargs: Any) -> dict[str, Any]:
        returned = call(*inputs, **kwargs)
        found = {name: returned[i] for name, i in places.items()}
        if results.bundle is not None:
            values = dict(zip(arguments, inputs, strict=False)) | {n: function.__globals__[n] for n in arrays}
            found = unbundled(returned[results.bundle], values) | found
        return found

    owned = {*places, *(n for n in arrays if any(belongs(key, n) or key == n for key in results.keys))}
    parameters = {n: function.__globals__[n] for n in arrays if n in owned}
    return Whole((function, function), loss, gradients, parameters)


def _arrays_of_module(function: Function) -> list[str]:
    return [
        n for n in function.__code__.co_names if is_array(v := function.__globals__.get(n)) and is_real(v)
    ]


def _of_first(results: Results, arguments: list[str]) -> int | None:
    return results.of_first() if arguments and "labels" not in roles_of(arguments[0]) else None


def unbundled(gradients: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Gradients in a dict or a list, beside what they belong to: values by name, or items of one of them."""
    if not isinstance(gradients, dict):
        alike = [n for n, v in values.items() if isinstance(v, (list, tuple)) and len(v) == len(gradients)]
        if not isinstance(gradients, (list, tuple)):
            alike = [n for n, v in values.items() if HOLDERS.match(n) and np.shape(v) == np.shape(gradients)]
        return {alike[0]: gradients} if len(alike) == 1 else {}
    found: dict[str, Any] = {}
    for key, gradient in gradients.items():
        holder = next(
            (n for n, v in values.items() if isinstance(v, dict) and owner_of(key, v) is not None), None
        )
        if holder is not None:
            found.setdefault(holder, {})[owner_of(key, values[holder])] = gradient
        elif (name := owner_of(key, values)) is not None:
            found[name] = gradient
    return found


def owner_of(key: Any, names: Iterable[Any]) -> Any:
    """Of these names, that to which a gradient of this name belongs."""
    fits = [(4 if name == key else belongs(str(key), str(name)), name) for name in names]
    best = max(fits, key=lambda fit: fit[0], default=(0, None))
    return best[1] if best[0] else None
