"""The functions that return their way back, inside of another one: each alone, on what it really receives."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .case import Case
from .discovery.closures import closure_pair
from .discovery.ways_back import called_by, way_back
from .errors import SubjectError
from .layer_by_layer import Examine
from .report import Finding, Report
from .structure import copied
from .subject import NotASubject, Subject

Call = tuple[tuple[Any, ...], dict[str, Any]]


def inside_functions(case: Case, report: Report, seed: int, examine: Examine) -> list[Finding]:
    """What is wrong with those that it calls, in the order of their first calls; deeper ones by the same
    rule.
    """
    face = case.probe.subject
    function = inspect.unwrap(getattr(face.forward_function, "__func__", face.forward_function))
    if not inspect.isfunction(function) or way_back(function) is None:
        return []
    names = called_by(function)
    calls: dict[str, Call] = {}
    case.probe.state.restore()
    with _recorded(function.__globals__, names, calls):
        try:
            case.probe.outputs()
        except SubjectError:
            return []
    found: list[Finding] = []
    for name, (inputs, kwargs) in calls.items():
        case.probe.state.restore()
        where = f"{case.path}.{name}" if case.path else name
        try:
            part = Subject(closure_pair(function.__globals__[name]), inputs, kwargs)
            local = examine(part, report, path=where, seed=seed)
        except NotASubject:
            continue
        found += [f for f in local if f.code != "backward-raises"]
    case.probe.state.restore()
    return found


@contextmanager
def _recorded(variables: dict[str, Any], names: list[str], calls: dict[str, Call]) -> Iterator[None]:
    """Notes with what each function is called first."""
    before = {name: variables[name] for name in names}

    def noting(name: str) -> Any:
        def call(*inputs: Any, **kwargs: Any) -> Any:
            calls.setdefault(name, _by_place(before[name], inputs, kwargs))
            return before[name](*inputs, **kwargs)

        return call

    variables.update({name: noting(name) for name in names})
    try:
        yield
    finally:
        variables.update(before)


def _by_place(function: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    """Arrays that were handed over by name are inputs, too."""
    bound = inspect.signature(function).bind(*inputs, **kwargs)
    return tuple(copied(value) for value in bound.args), dict(bound.kwargs)
