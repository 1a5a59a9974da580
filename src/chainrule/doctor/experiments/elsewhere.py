"""The same code at other sizes: what is a count there, and what was a coincidence?

With 4 samples the root of the batch is 2, and 5 features over 4 samples are 1.25. One sample more, or one
feature, and the numbers part.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..case import Case
from ..errors import NotASubject, SubjectError
from ..probe import Probe
from ..structure import is_array, is_real
from ..subject import Subject

AXES = 3


@contextlib.contextmanager
def resized(case: Case, axis: int) -> Iterator[Case | None]:
    """A case with one more sample (axis 0), step or feature in all inputs that have this length there; None
    where the code refuses. Inside of the block the subject is there, and not at its old point.
    """
    face = case.probe.subject
    with refilled(case, _longer((*case.probe.inputs, face.target), axis)) as other:
        yield other


@contextlib.contextmanager
def refilled(case: Case, inputs: tuple[Any, ...] | None) -> Iterator[Case | None]:
    """A case with other inputs, the target behind them; None where the code refuses."""
    probe = case.probe
    face = probe.subject
    if inputs is None or type(face) is not Subject:
        yield None
        return
    with with_inputs(case, inputs[:-1], inputs[-1]) as other:
        yield other


@contextlib.contextmanager
def with_inputs(case: Case, inputs: tuple[Any, ...], target: Any) -> Iterator[Case | None]:
    """A case of the same subject on other inputs, or afresh on the same; None where the code refuses."""
    face = case.probe.subject
    subject: Any = face.owner
    if subject is None:
        subject = (face.forward_function, face.backward_function)
    case.probe.state.restore()
    other = None
    try:
        other = Probe(
            Subject(subject, inputs, dict(face.kwargs), loss=face.loss, target=target), own_point=False
        )
        found = Case(other)
        yield found if found.error is None and found.run is not None else None
    except (SubjectError, NotASubject):
        yield None
    finally:
        if other is not None:
            other.close()
        case.probe.state.restore()


def _longer(inputs: tuple[Any, ...], axis: int) -> tuple[Any, ...] | None:
    first = next((v for v in inputs if is_array(v) and v.ndim), None)
    if first is None or first.ndim <= axis or first.shape[axis] < 2:
        return None
    rng = np.random.default_rng(67)
    length = first.shape[axis]

    def longer(value: Any) -> Any:
        if not is_array(value) or value.ndim <= axis or value.shape[axis] != length:
            return value
        more = value.take([rng.integers(length)], axis)
        if is_real(value):
            more = more * rng.uniform(0.5, 1.5, size=more.shape)
        return np.concatenate([value, more], axis)

    return tuple(map(longer, inputs))
