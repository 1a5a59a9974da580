"""The argument `loss=`: whatever gives the loss of (y, target) and its gradient with respect to y.

(loss, loss_gradient)                      two functions of (y, target)
loss, dy = cross_entropy(y, target)        one function that returns both
criterion.forward(y, target), .backward()  an object, or one with loss() and gradient(), or its class
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from .calling import positional, required
from .errors import NotASubject
from .label_losses import TakesLabels
from .naming import CACHES
from .objects import backward_of, find_method, forward_of
from .structure import copied, is_array, leaves
from .subject import Subject

VALUES = ("loss", "value", "compute", "compute_loss", "cost", "fn", "f", "__call__", "forward")
GRADIENTS = (
    "gradient", "grad", "loss_gradient", "derivative", "loss_derivative", "deriv", "prime", "dloss", "delta",
)  # fmt: skip
PREDICTIONS = re.compile(r"(pred|logit|score|prob|out|hat)|^(p|q|o|a|z|yh)$", re.I)
TRUTHS = re.compile(r"^(y_?)?(true|truth|targets?|labels?|gold|actual|expected)(_?y)?$|^y$", re.I)

WANTED = (
    "hand in loss=(loss, loss_gradient), two functions of (y, target); one function that returns "
    "(loss, gradient); or an object with forward(y, target) and backward()"
)


def loss_value(loss: Any, y: Any, target: Any) -> Any:
    """The loss, a number."""
    if isinstance(loss, TakesLabels):
        return loss.loss(y, target)
    value = called(value_function(loss), y, target)
    if isinstance(value, (tuple, list)):
        value = next((v for v in value if np.size(v) == 1), None)
    if value is None or np.size(value) != 1 or np.asarray(value).dtype.kind not in "fiu":
        given = "nothing" if value is None else f"an array of shape {np.shape(value)}"
        raise NotASubject(f"loss= must give one number; it gives {given}: take the mean, or the sum")
    return np.asarray(value).ravel()[0]


def value_function(loss: Any) -> Any:
    """What of it is called for the loss."""
    if isinstance(loss, (tuple, list)):
        _both(loss)
        return loss[0]
    loss = _made(loss)
    name = forward_of(loss) if backward_of(loss) else _method(loss, VALUES)
    return getattr(loss, name) if name else loss


def loss_gradient(loss: Any, y: Any, target: Any) -> Any:
    """Its gradient with respect to y; the labels, where backward makes the gradient of them."""
    if isinstance(loss, TakesLabels):
        return copied(target)
    if isinstance(loss, (tuple, list)):
        _both(loss)
        found = _of_layer(tuple(loss), y, target) if _cached(loss) else called(loss[1], y, target)
    elif backward_of(_made(loss)):
        found = _of_layer(_made(loss), y, target)
    elif name := _method(_made(loss), GRADIENTS):
        found = called(getattr(_made(loss), name), y, target)
    else:
        found = _beside(called(_made(loss), y, target), y)
    if found is None or not any(True for _ in leaves(found)):
        raise NotASubject(f"loss= gives no gradient: {WANTED}")
    return found


def as_subject(loss: Any) -> Any:
    """The loss as something that can be checked alone, on (y, target)."""
    if not isinstance(loss, (tuple, list)):
        loss = _made(loss)
        if backward_of(loss):
            return loss
        value = _method(loss, VALUES)
        gradient = _method(loss, GRADIENTS) or value
        shown = (getattr(loss, value), getattr(loss, str(gradient))) if value else (loss, loss)
    elif _cached(loss) or (
        [p.name for p in positional(loss[0])] == [p.name for p in required(loss[1])]
        and not _target_first(loss[0])
    ):
        return tuple(loss)  # the gradient takes what the loss takes
    else:
        shown = loss[0], loss[1]

    def forward(y: Any, target: Any) -> tuple[Any, tuple[Any, Any]]:
        return loss_value(loss, y, target), (y, target)

    def backward(cache: tuple[Any, Any]) -> Any:
        return loss_gradient(loss, *cache), None

    return _shown(forward, shown[0]), _shown(backward, shown[1])


def _cached(loss: Any) -> bool:
    """A pair as layers are: loss, cache = forward(y, target); dy = backward(cache)."""
    own = [p.name for p in positional(loss[0])]
    return any(CACHES.search(p.name) and p.name not in own for p in required(loss[1]))


def _shown(function: Callable[..., Any], original: Any) -> Callable[..., Any]:
    """Under the name and the place in the source of the user's own function, with its own arguments."""
    signature = inspect.signature(function)
    function.__name__ = getattr(original, "__name__", "loss")
    function.__wrapped__ = getattr(original, "__func__", original)  # type: ignore[attr-defined]
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


def _both(loss: Any) -> None:
    if len(loss) != 2 or not all(map(callable, loss)):
        raise NotASubject(f"loss= is a {type(loss).__name__} of {len(loss)}, not two functions: {WANTED}")


def _made(loss: Any) -> Any:
    """A class is made, where it lets itself be made of nothing."""
    if isinstance(loss, type):
        try:
            return loss()
        except Exception:
            return loss
    if not callable(loss) and not _method(loss, (*VALUES, *GRADIENTS)) and not backward_of(loss):
        raise NotASubject(f"loss= is a {type(loss).__name__}: {WANTED}")
    return loss


def _method(loss: Any, names: tuple[str, ...]) -> str | None:
    if inspect.isroutine(loss):
        return None
    if isinstance(loss, type):
        return next((n for n in names if n != "__call__" and callable(getattr(loss, n, None))), None)
    return next((n for n in names if find_method(loss, n) is not None), None)


def called(function: Any, y: Any, target: Any) -> Any:
    """On (y, target); on (target, y) where the names of the arguments say so."""
    names = [p.name for p in positional(function)]
    arguments: tuple[Any, ...] = (y, target)
    if len(names) == 1:
        arguments = (y,)
    elif target is None and len(required(function)) > 1:
        raise NotASubject("loss= is a function of (y, target): hand in target= as well")
    elif _target_first(function):
        arguments = (target, y)
    try:
        return function(*arguments)
    except TypeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is None:  # not even called
            what = getattr(function, "__name__", type(function).__name__)
            raise NotASubject(
                f"loss= cannot be called with (y, target): {what}: {error}; {WANTED}"
            ) from error
        raise


def _target_first(function: Any) -> bool:
    """(y_true, y_pred)"""
    names = [p.name for p in positional(function)]
    return len(names) > 1 and bool(TRUTHS.match(names[0])) and bool(PREDICTIONS.search(names[1]))


def _beside(result: Any, y: Any) -> Any:
    """The gradient among several results: what has the shape of y, or what is not the loss."""
    if not isinstance(result, (tuple, list)) or len(result) < 2:
        return None
    at = next((i for i, v in enumerate(result) if np.size(v) == 1), 0)
    others = [v for i, v in enumerate(result) if i != at]
    if is_array(y):
        return next((v for v in others if is_array(v) and v.shape == y.shape), others[0])
    return others[0]


def _of_layer(loss: Any, y: Any, target: Any) -> Any:
    """By forward and backward."""
    face = Subject(loss, (y, target))
    face.learn_conventions(face.forward((y, target)))
    forward = face.forward((y, target))
    upstream = {n: np.ones(np.shape(v)) for n, v in forward.leaves.items()}
    returned = face.backward(forward, upstream, (y, target), 0.0)
    return returned[0] if isinstance(returned, tuple) else returned
