"""A recurrent layer with a single time step: no error of one step reaches another, and the order of the gates
can be read off as in a layer without time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Case
from ..errors import SubjectError
from ..probe import Probe
from ..report import Finding
from ..structure import is_array
from ..subject import NotASubject, Subject
from .algebra import blocks_permuted


def one_step(case: Case) -> Iterator[Finding]:
    """Gates in another order, where the errors of later steps hide it."""
    subject, inputs = case.probe.subject, case.probe.inputs
    if not inputs or not is_array(inputs[0]) or inputs[0].ndim < 3 or len(case.wrong) < 2:
        return
    whole = (
        subject.owner if subject.owner is not None else (subject.forward_function, subject.backward_function)
    )
    for axis in (0, 1):
        if inputs[0].shape[axis] < 2:
            continue
        shorter = (np.take(inputs[0], [0], axis), *inputs[1:])
        case.probe.state.restore()
        try:
            probe = Probe(Subject(whole, shorter, subject.kwargs), own_point=False)
        except (SubjectError, NotASubject):
            continue
        try:
            found = list(_proved(Case(probe, case.path)))
        finally:
            probe.close()
        if found:
            yield case.finding(
                "gate-order-permuted",
                list(case.wrong),
                verified=True,
                evidence=found[0].evidence,
                detail=f"with a single time step, {found[0].detail}",
            )
            return


def _proved(short: Case) -> Iterator[Finding]:
    """Which blocks stand in another order, in a gradient that belongs to a weight."""
    if short.error is None:
        for name in short.wrong:
            if short.probe.is_parameter(name) or short.probe.subject.owner is None:
                yield from blocks_permuted(short, name)


__all__ = ["one_step"]
