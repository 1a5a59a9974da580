"""Windows that slide: is the fault gone with stride 1, without padding, or without overlap? Does the gradient
only stand in the wrong place?
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays_inside import Place
from ..calling import positional
from ..case import Case, close
from ..errors import SubjectError
from ..objects import stored_attributes
from ..report import Finding

STRIDES = ("stride", "strides", "s", "step", "hop", "stride_h", "stride_w", "factor")
PADDINGS = ("padding", "pad", "pads", "p", "padding_size", "pad_h", "pad_w")


def misaligned(case: Case) -> Iterator[Finding]:
    """`stride-or-padding-misaligned`, by the deciding switch or by the shift that repairs it."""
    for name in case.misshapen:
        yield from _cropped(case, name)
    for name in case.wrong:
        yield from _shifted(case, name)
    if not case.wrong:
        return
    for kind, names, value in (("stride", STRIDES, 1), ("padding", PADDINGS, 0)):
        switch = _Switch.find(case, names)
        if switch is None or switch.current() == value or switch.current() == (value, value):
            continue
        healed = switch.errors_with(value)
        if healed is None:
            continue
        gone = [n for n in case.wrong if n in healed]
        if gone:
            yield case.finding(
                "stride-or-padding-misaligned",
                gone,
                verified=True,
                evidence={kind: switch.current(), f"right with {kind}": value},
                detail=f"with {kind} = {value} the gradient of {', '.join(gone)} is right, with {kind} "
                f"= {switch.current()} it is not",
            )


def _cropped(case: Case, name: str) -> Iterator[Finding]:
    """The gradient of the padded input: right after the padding is cut off."""
    a, n = case.a(name), case.n(name)
    if a.ndim != n.ndim:
        return
    extra = [p - q for p, q in zip(a.shape, n.shape, strict=True)]
    if all(e >= 0 for e in extra) and any(extra):
        for starts in itertools.product(*(range(e + 1) for e in extra)):
            cut = a[tuple(slice(s, s + q) for s, q in zip(starts, n.shape, strict=True))]
            if case.explains(name, cut):
                yield case.finding(
                    "stride-or-padding-misaligned",
                    [name],
                    verified=True,
                    evidence={"shapes": [a.shape, n.shape], "crop from": starts},
                    detail=f"it has the padded shape {a.shape}; cropped from {starts} to {n.shape} it "
                    "equals the numerical gradient",
                )
                return


def _shifted(case: Case, name: str) -> Iterator[Finding]:
    """The right numbers, some places beside where they belong."""
    a, n = case.a(name), case.n(name)
    if a.ndim < 2 or a.shape != n.shape:
        return
    axes = [i for i in range(a.ndim) if a.shape[i] > 2]
    for count in (1, 2):
        for chosen in itertools.combinations(axes if count == 1 else axes[-3:], count):
            far = 2 if count > 1 else max(2, 3 * a.shape[chosen[0]] // 4)
            steps = [s for s in range(-far, far + 1) if s]
            for shifts in itertools.product(steps, repeat=count):
                ours: list[slice] = [slice(None)] * a.ndim
                theirs: list[slice] = [slice(None)] * a.ndim
                for axis, shift in zip(chosen, shifts, strict=True):
                    ours[axis] = slice(max(shift, 0), a.shape[axis] + min(shift, 0))
                    theirs[axis] = slice(max(-shift, 0), a.shape[axis] + min(-shift, 0))
                p, q = a[tuple(ours)], n[tuple(theirs)]
                if (
                    p.size >= a.size / 2  # a few numbers of a mask meet by chance
                    and np.abs(q).max(initial=0) > 0
                    and np.count_nonzero(q) > 3
                    and close(p, q)
                ):
                    yield case.finding(
                        "stride-or-padding-misaligned",
                        [name],
                        verified=True,
                        evidence={"axes": chosen, "shift": shifts},
                        detail=f"it is the numerical gradient shifted by {shifts} along axes {chosen}",
                    )
                    return


class _Switch:
    """An attribute or argument of the layer that can be set to another value."""

    def __init__(self, case: Case, name: str, place: Place | int | None) -> None:
        self.case, self.name, self.place = case, name, place

    @classmethod
    def find(cls, case: Case, names: tuple[str, ...]) -> _Switch | None:
        subject = case.probe.subject
        for name in names:
            if isinstance(subject.kwargs.get(name), (int, tuple)):  # p = 0.4 is no padding
                return cls(case, name, None)
            if subject.owner is None:
                if name in subject.input_names and isinstance(
                    subject.inputs[subject.input_names.index(name)], int
                ):
                    return cls(case, name, subject.input_names.index(name))
                default = {q.name: q.default for q in positional(subject.forward_function)}.get(name)
                if isinstance(default, (int, tuple)) and not isinstance(default, bool):
                    subject.kwargs[name] = default
                    return cls(case, name, None)
            elif isinstance(stored_attributes(subject.owner).get(name), (int, tuple)):
                return cls(case, name, Place(subject.owner, (name,)))
        return None

    def current(self) -> Any:
        if isinstance(self.place, Place):
            self.case.probe.state.restore()
            return self.place.get()
        if self.place is None:
            return self.case.probe.subject.kwargs[self.name]
        return self.case.probe.inputs[self.place]

    def errors_with(self, value: int) -> list[str] | None:
        """Which gradients are right with the switch at another value; None where the code fails then."""
        from ..probe import Probe
        from ..subject import Subject

        probe, old = self.case.probe, self.current()
        new: Any = (value,) * len(old) if isinstance(old, tuple) else value
        inputs = list(probe.inputs)
        kwargs = dict(probe.subject.kwargs)
        subject: Any = probe.subject.owner
        if isinstance(self.place, Place):
            self.place.rebind(new)
        elif self.place is None:
            kwargs[self.name] = new
        else:
            inputs[self.place] = new
        if subject is None:
            subject = (probe.subject.forward_function, probe.subject.backward_function)
        other = None
        try:
            other = Probe(Subject(subject, inputs, kwargs), own_point=False)
            case = Case(other)
            return case.right if case.error is None else None
        except SubjectError:
            return None
        finally:
            if other is not None:
                other.close()
            if isinstance(self.place, Place):
                self.place.rebind(old)
            probe.state.restore()
