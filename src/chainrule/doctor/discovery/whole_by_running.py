"""A function that was handed in together with its inputs, and returns a loss and gradients whatever it calls
them: one run tells, by shapes and keys.

    (loss, {"kernel": ..., "bias": ...}) = f(params, x)        (loss, dlogits) = ctc(logits, labels)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..calling import positional
from ..naming import TARGETS, belongs
from ..quiet import quietly
from ..snapshot import Snapshot
from ..structure import copied, is_array, is_real, leaves
from .whole import Whole

Function = Callable[..., Any]


def whole_by_running(function: Any, inputs: Sequence[Any]) -> Whole | None:
    """The object for such a function; None where it returns nothing of the kind with these inputs."""
    if not inspect.isroutine(function) or not inputs:
        return None
    names = [p.name for p in positional(function)][: len(inputs)]
    state = Snapshot([function])
    try:
        with quietly():
            returned = function(*(copied(v) for v in inputs))
    except Exception:  # then it is no such function, or checked as what it is
        return None
    finally:
        state.restore()
    if not isinstance(returned, tuple) or len(returned) < 2:
        return None
    losses = [i for i, part in enumerate(returned) if is_real(part) and np.ndim(part) == 0]
    if len(losses) != 1 or not _belonging(returned, losses[0], names, inputs):
        return None
    (loss,) = losses

    def value(*given: Any, **kwargs: Any) -> Any:
        return function(*given, **kwargs)[loss]

    def gradients(*given: Any, **kwargs: Any) -> dict[str, Any]:
        return _belonging(function(*given, **kwargs), loss, names, given)

    return Whole((function, function), value, gradients, {})


def _belonging(
    returned: tuple[Any, ...], loss: int, names: Sequence[str], inputs: Sequence[Any]
) -> dict[str, Any]:
    """By the name of an input, its gradient among the results."""
    due = {
        n: v
        for n, v in zip(names, inputs, strict=False)
        if any(True for _ in leaves(v)) and not (is_real(v) and np.ndim(v) == 0)
    }
    found: dict[str, Any] = {}
    rest: list[Any] = []
    for part in returned[:loss] + returned[loss + 1 :]:
        if isinstance(part, dict):
            found |= _of_dict(part, due)
        elif isinstance(part, (list, tuple)):
            rest += part
        else:
            rest.append(part)
    arrays = [part for part in rest if is_array(part)]
    free = [n for n in due if n not in found]
    if [np.shape(due[n]) for n in free] != [a.shape for a in arrays]:
        free = [n for n in free if not TARGETS.match(n)]
    if arrays and [np.shape(due[n]) for n in free[: len(arrays)]] == [a.shape for a in arrays]:
        found |= dict(zip(free, arrays, strict=False))
    return found


def _of_dict(gradients: dict[Any, Any], due: dict[str, Any]) -> dict[str, Any]:
    """Of a dict of weights that has these keys; or of several inputs, by their names."""
    for name, value in due.items():
        if isinstance(value, dict) and set(value) == set(gradients):
            return {name: gradients}
        if isinstance(value, dict) and all(any(belongs(str(k), str(w)) for w in value) for k in gradients):
            return {name: {w: g for k, g in gradients.items() for w in value if belongs(str(k), str(w))}}
    found = {}
    for key, gradient in gradients.items():
        fits = [n for n in due if n == key or belongs(str(key), n)]
        if fits:
            found[fits[0]] = gradient
    return found
