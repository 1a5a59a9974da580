"""Which number of the subject (eps, padding, stride, a slope) does the reference have otherwise?"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays_inside import Place
from ..calling import positional
from ..objects import stored_attributes
from .explanation import Explanation
from .meeting import Meeting

EPS = (0.0, 1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12)
_GEOMETRY = re.compile(r"pad|strid|dilat|^s$|^p$", re.I)
_COUNTS = re.compile(r"head|group|kernel|size|axis|dim", re.I)


def of_constants(meeting: Meeting) -> Iterator[Explanation]:
    """One number changed at a time, to the reference's numbers and to other usual ones."""
    for name, value, setting in _numbers(meeting):
        for other in _others(meeting, name, value):
            with setting(other):
                fits = meeting.holds(lambda point: meeting.ours(None, point))
            if fits:
                code = "stride-or-padding-misaligned" if _GEOMETRY.search(name) else "reference-mismatch"
                yield Explanation(
                    code,
                    f"with {name} = {other} (here: {value}), the output equals the reference's",
                    {"name": name, "here": value, "the reference's": other},
                    fix=f"{name} = {other}",
                )
                return


def _others(meeting: Meeting, name: str, value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [n for n in (0, 1, 2, 3, 4, -1, -2) if n != value]
    known = [v for n, v in meeting.reference.numbers.items() if n.rpartition(".")[2] == name]
    found = [*known, *meeting.reference.numbers.values(), *(EPS if value < 0.01 else ()), 1 - value]
    return [v for v in dict.fromkeys(found) if v != value]


def _numbers(meeting: Meeting) -> Iterator[tuple[str, Any, Any]]:
    """(name, value, a context in which it is another) for attributes and for arguments with defaults."""
    subject = meeting.case.probe.subject
    if subject.owner is not None:
        for name, value in list(stored_attributes(subject.owner).items()):
            geometry = type(value) in (int, bool) and bool(_GEOMETRY.search(name) or _COUNTS.search(name))
            if geometry or type(value) in (float, np.float64):
                yield name, value, lambda other, n=name: _attribute(meeting, n, other)
    for parameter in positional(subject.forward_function):
        value = subject.kwargs.get(parameter.name, parameter.default)
        if parameter.name not in subject.input_names and type(value) in (float, int, bool):
            yield parameter.name, value, lambda other, n=parameter.name: _argument(meeting, n, other)


@contextlib.contextmanager
def _attribute(meeting: Meeting, name: str, value: Any) -> Iterator[None]:
    """Sets an attribute at the beginning of each forward: before it, the state is put back."""
    subject = meeting.case.probe.subject
    original = subject.forward_function

    def changed(*inputs: Any, **kwargs: Any) -> Any:
        Place(subject.owner, (name,)).rebind(value)
        return original(*inputs, **kwargs)

    subject.forward_function = changed
    try:
        yield
    finally:
        subject.forward_function = original


@contextlib.contextmanager
def _argument(meeting: Meeting, name: str, value: Any) -> Iterator[None]:
    subject = meeting.case.probe.subject
    kept = dict(subject.kwargs)
    subject.kwargs[name] = value
    try:
        yield
    finally:
        subject.kwargs.clear()
        subject.kwargs.update(kept)
