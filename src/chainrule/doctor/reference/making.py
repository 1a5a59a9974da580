"""From whatever was handed in as `like=` to a reference that can be run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from ..case import Case
from ..objects import forward_of
from ..tensors import is_module, loaded_torch
from ..torch_function import is_torch_function
from .kinds import FunctionReference, NotComparable, ObjectReference, Reference
from .meeting import meetings, own_arrays


def as_reference(case: Case, original: Any) -> Reference:
    """The reference in the form in which it can be run."""
    kwargs, total = case.probe.subject.kwargs, len(case.probe.inputs)
    try:
        if isinstance(original, (tuple, list)) and len(original) == 2 and all(map(callable, original)):
            return FunctionReference(original[0], original[1], kwargs, total)
        if is_module(original):
            from .torch_kinds import ModuleReference

            return ModuleReference(original, kwargs)
        if isinstance(original, type):
            return as_reference(case, _instance(original))
        if forward_of(original) is not None:
            return ObjectReference(original, kwargs)
    except NotComparable:
        raise
    except Exception as error:
        raise NotComparable(f"the reference cannot be copied: {type(error).__name__}: {error}") from error
    if not callable(original):
        raise NotComparable(
            f"like= takes a layer, a module, a pair or any callable, not a {type(original).__name__}"
        )
    return _function(case, original)


def _instance(kind: type) -> Any:
    if is_torch_function(kind):
        return kind.apply  # type: ignore[attr-defined]
    try:
        return kind()
    except TypeError as error:
        raise NotComparable(
            f"the reference {kind.__name__} is a class: hand in an instance ({error})"
        ) from error


def _function(case: Case, original: Callable[..., Any]) -> Reference:
    """A function of arrays, or, where it only takes tensors, a function of these."""
    kwargs, total = case.probe.subject.kwargs, len(case.probe.inputs)
    try:
        reference: Reference = FunctionReference(original, None, kwargs, total)
        return next(iter(meetings(case, reference))).reference
    except Exception as error:
        problem = error
    if loaded_torch() is not None:
        from .torch_kinds import TensorFunction

        reference = TensorFunction(original, kwargs, total, list(own_arrays(case, total, {})))
        with contextlib.suppress(NotComparable):
            return next(iter(meetings(case, reference))).reference
    raise NotComparable(f"the reference cannot be called: {problem}") from problem
