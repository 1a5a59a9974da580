"""Not a number: which layer made the first one?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers.layer import Layer
from chainrule.layers.randomness import current, randomness

from .step import StepResult, answer
from .wrapping import wrapped_forwards

ADVICE = ": try a smaller lr, or clipping"


class NonFiniteError(ArithmeticError):
    """Training met NaN or infinity."""


def find_nonfinite(model: Layer, x: Any, state: Any = None) -> str | None:
    """Runs forward again and names the first place that holds NaN or infinity, in the order of computation;
    None if none does.
    """
    for array in x if isinstance(x, tuple) else (x,):
        if (where := _nonfinite(array)) is not None:
            return f"the input already holds {where}"
    for name, parameter in model.named_parameters():
        if (where := _nonfinite(parameter.data)) is not None:
            return f"the parameter {name} holds {where}{ADVICE}"
    found: list[str] = []

    def look(path: str, layer: Layer, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        y, cache = forward(*args, **kwargs)
        # inner layers return before the ones that contain them: the first find is the innermost
        first = y[0] if isinstance(y, tuple) else y
        if not found and isinstance(first, np.ndarray) and (where := _nonfinite(first)) is not None:
            name = f"{path or 'model'} ({type(layer).__name__})"
            found.append(f"the output of layer {name} holds {where}; its input did not{ADVICE}")
        return y, cache

    with wrapped_forwards(model, look), np.errstate(all="ignore"):
        answer(model, x, state)
    return found[0] if found else None


def check_finite(model: Layer, x: Any, result: StepResult, state: Any = None) -> None:
    """Raises NonFiniteError, naming the first layer concerned, if the loss or the gradient is not finite."""
    if np.isfinite(result.loss) and np.isfinite(result.gradient_norm):
        return
    here = current()
    with randomness(here.seed, here.step, here.first_sample):  # the same dropout masks again
        where = find_nonfinite(model, x, state)
    if where is not None:
        raise NonFiniteError(f"the loss is {result.loss}: {where}")
    # forward is clean, so backward made it; the gradient comes from the top: the last parameter met it first
    for name, parameter in reversed(list(model.named_parameters())):
        if (where := _nonfinite(parameter.grad)) is not None:
            raise NonFiniteError(f"the loss is {result.loss:.4g}, but the gradient of {name} holds {where}")
    raise NonFiniteError(f"the loss is {result.loss}: the predictions are finite, so the loss itself made it")


def _nonfinite(array: Array) -> str | None:
    bad = ~np.isfinite(array)
    if not bad.any():
        return None
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    kind = "NaN" if np.isnan(array[bad]).any() else "infinity"
    return f"{kind} in {int(bad.sum())} of {array.size} numbers, the first at {place}"
