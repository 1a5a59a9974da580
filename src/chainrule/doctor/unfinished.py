"""Code that is not written yet: it is no fault, and it is not tested."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import SubjectError
from .objects import backward_of, layers_of
from .source.read import source_tree

if TYPE_CHECKING:
    from .case import Case
    from .subject import Subject

SHORT = 200  # bytes of code: what is longer does something


def is_stub(function: Callable[..., Any]) -> bool:
    """Whether nothing is written yet: `pass`, `...`, a docstring, or `raise NotImplementedError`."""
    function = inspect.unwrap(function)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None or len(code.co_code) > SHORT:
        return False
    tree = source_tree(function)
    if tree is None:
        return False
    body = [n for n in tree.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    return all(
        isinstance(n, ast.Pass) or (isinstance(n, ast.Raise) and "NotImplemented" in ast.unparse(n))
        for n in body
    )


def unfinished(face: Subject, problem: SubjectError | None) -> str:
    """Which of the two is not written yet, in words, with what it says itself; "" where both are."""
    error = problem.error if problem is not None else None
    if problem is not None and isinstance(error, NotImplementedError):
        return f"{problem.phase} is not written yet" + (f" ({error})" if str(error) else "")
    for phase, function in (("forward", face.forward_function), ("backward", face.backward_function)):
        if is_stub(function):
            return f"{phase} is not written yet"
    return ""


def unfinished_inside(case: Case) -> list[str]:
    """The layers inside of it whose backward is not written yet: without them, nothing around is right."""
    owner = case.probe.subject.owner
    layers = layers_of(owner) if owner is not None else {}
    return [path for path, layer in layers.items() if is_stub(getattr(layer, str(backward_of(layer))))]
