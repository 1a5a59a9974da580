"""The value of a loss and its gradient with respect to the prediction, however the loss is spelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.doctor.calling import positional, required
from chainrule.doctor.naming import TARGETS
from chainrule.doctor.objects import BACKWARD_NAMES, find_method
from chainrule.functions.arrays import Array

from .statistics import arrays_in

_VALUES = ("forward", "__call__", "loss", "value", "compute_loss", "calculate", "fprop")
_GRADIENTS = (*BACKWARD_NAMES, "gradient", "grad", "derivative", "prime", "loss_gradient", "dloss")
# two calls of the loss per number of the prediction
_MOST_NUMERICAL = 10_000


class LossResult(NamedTuple):
    value: float
    gradient: Array | None  # None: there is no way to get it
    note: str = ""


def loss_and_gradient(loss: Any, y: Array, target: Any) -> LossResult:
    """`loss` is one of

    - an object with forward and backward: ours (a sum and a count, divided here), or any other;
    - an object with a value (`__call__`, `loss`) and a gradient (`gradient`, `derivative`, `prime`);
    - a pair of functions (loss, gradient), or a function that returns (value, gradient);
    - a function (y, target) -> value: its gradient is then measured, number by number.
    """
    if isinstance(loss, tuple | list):
        return _from_two(loss[0], loss[1], y, target)
    value, gradient = _methods(loss)
    if value is not None and gradient is not None:
        return _from_two(getattr(loss, value), getattr(loss, gradient), y, target)
    return _from_one(loss, y, target)


def check_loss(loss: Any) -> None:
    """Raises TypeError if it is nothing of the kind."""
    if isinstance(loss, tuple | list):
        if len(loss) != 2 or not all(map(callable, loss)):
            raise TypeError(f"a pair of functions (loss, loss_gradient) is expected, got {loss!r}")
    elif None in _methods(loss) and not callable(loss):
        raise TypeError(
            f"{type(loss).__name__} is no loss: pass an object with forward and backward, a function (y, "
            "target) -> value, or a pair of functions (loss, loss_gradient)"
        )


def _methods(loss: Any) -> tuple[str | None, str | None]:
    """The names of what gives the value and the gradient."""
    value = next((name for name in _VALUES if find_method(loss, name) is not None), None)
    return value, next((name for name in _GRADIENTS if find_method(loss, name) is not None), None)


def _from_two(forward: Callable[..., Any], backward: Callable[..., Any], y: Array, target: Any) -> LossResult:
    result = forward(*_ordered(forward, y, target))
    if isinstance(result, tuple) and len(result) >= 2:  # (value, cache), or (sum, count, cache)
        count = float(result[1]) if len(result) == 3 else 1.0
        gradient = backward(np.asarray(1 / count, _floating(y)), result[-1])
        return LossResult(float(result[0]) / count, _first(gradient))
    wanted = len(required(backward))
    if wanted >= 2:
        gradient = backward(*_ordered(backward, y, target))
    else:  # what it needs, forward kept: it begins by itself, or with the gradient 1
        gradient = backward(1.0) if wanted else backward()
    return LossResult(_number(result), _first(gradient))


def _from_one(loss: Callable[..., Any], y: Array, target: Any) -> LossResult:
    def value(prediction: Array) -> Any:
        return loss(*_ordered(loss, prediction, target))

    result = value(y)
    if isinstance(result, tuple | list) and len(result) == 2 and np.shape(result[1]) == y.shape:
        return LossResult(_number(result[0]), np.asarray(result[1]))
    if y.size > _MOST_NUMERICAL:
        return LossResult(_number(result), None)
    return LossResult(
        _number(result),
        _measured(lambda prediction: _number(value(prediction)), y),
        "the loss has no gradient of its own: it was measured, number by number",
    )


def _measured(value: Callable[[Array], float], y: Array) -> Array:
    """Central differences."""
    at = y.astype(np.float64)
    gradient = np.empty(y.shape)
    for place in np.ndindex(y.shape):
        middle = float(at[place])
        step = 1e-6 * max(1.0, abs(middle))
        at[place] = middle + step
        above = value(at)
        at[place] = middle - step
        gradient[place] = (above - value(at)) / (2 * step)
        at[place] = middle
    return gradient.astype(_floating(y))


def _ordered(function: Callable[..., Any], y: Array, target: Any) -> tuple[Any, Any]:
    """(y, target), or the other way around where the names say so: loss(y_true, y_pred)."""
    names = [parameter.name for parameter in positional(function)][:2]
    swapped = len(names) == 2 and bool(TARGETS.match(names[0])) and not TARGETS.match(names[1])
    return (target, y) if swapped else (y, target)


def _number(value: Any) -> float:
    """A loss per sample counts as their mean."""
    return float(np.mean(next(arrays_in(value), np.nan)))


def _first(gradient: Any) -> Array | None:
    return next(arrays_in(gradient), None)


def _floating(y: Array) -> Any:
    return y.dtype if y.dtype.kind == "f" else np.float64
