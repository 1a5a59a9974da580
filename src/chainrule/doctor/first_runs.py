"""The first runs of a subject: what its backward takes, and where the gradients turn up.

Parameters are what lies beside a gradient of its shape, or what backward moves; a buffer that forward does
not read is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays_inside import places
from .calling import positional
from .errors import SubjectError
from .overlooked import adopt
from .snapshot import Snapshot
from .structure import identical, is_array

if TYPE_CHECKING:
    from .probe import Arrays, Probe


def find_gradients(probe: Probe, given: Any) -> None:
    """Runs once and looks where gradients turned up."""
    probe.state.restore()
    owner = probe.subject.owner
    before = {p.path: np.array(p.get(), dtype=float) for p in places(owner)} if owner is not None else {}
    best: tuple[int, bool] | None = None
    several = isinstance(probe.forward(probe.inputs).outputs, (tuple, list))
    if owner is not None:
        after = {p.path: np.array(p.get(), dtype=float) for p in places(owner)}
        probe.subject.steady = {n for n, v in before.items() if n in after and identical(v, after[n])}
    for first_only in (False, True) if several and probe.subject.call.upstreams == 1 else (False,):
        _set_outputs(probe, first_only)
        try:
            run = probe.run()
            fits = sum(
                np.shape(run.gradients[n]) == np.shape(probe.input_value(n))
                for n in run.gradients
                if probe.is_input(n)
            )
        except SubjectError as error:
            probe.backward_error = error
            fits = -1
        if best is None or fits > best[0]:
            best = fits, first_only
    assert best is not None
    _set_outputs(probe, best[1])
    if best[0] >= 0:
        probe.backward_error = None
    with_caches: Arrays = {}
    try:
        forward = probe.forward(probe.inputs)
        with_caches = (
            {p.path: np.array(p.get(), dtype=float) for p in places(owner)} if owner is not None else {}
        )
        probe.backward(forward, probe.upstream, probe.rate)
    except SubjectError as error:
        probe.backward_error = error
    by_step = (
        not isinstance(probe.subject.forward_function, tuple)
        and probe.subject.forward_function == probe.subject.backward_function
    )
    if owner is not None:
        moved = {
            p.path
            for p in places(owner)
            if p.path in with_caches
            and not np.array_equal(
                (before if by_step else with_caches)[p.path] if p.path in before else with_caches[p.path],
                np.asarray(p.get(), dtype=float),
                equal_nan=True,
            )
        }
        probe.subject.discover(before, moved, given)
        if not by_step and probe.backward_error is None:
            probe.run()  # those that are returned
            adopt(probe, before, with_caches)
    probe.state.restore()
    _drop_caches(probe)
    _drop_buffers(probe)
    _clear_gradients(probe)


def starts_itself(probe: Probe) -> bool:
    """Whether this is a loss whose `backward(dout=1)` needs no dout: it gives the same for every one. Then it
    is called without.
    """
    call = probe.subject.call
    optional = [p.name for p in positional(probe.subject.backward_function) if p.default is not p.empty]
    upstreams = [name for role, name in call.roles if role == "upstream"]
    number = all(shape == () for shape in probe.output_shapes.values())
    if probe.subject.loss is not None or len(upstreams) != 1 or upstreams[0] not in optional or not number:
        return False
    try:
        runs = [
            probe.run(upstream={n: np.array(factor) for n in probe.output_shapes}).gradients
            for factor in (1.0, -2.5)
        ]
    except SubjectError:
        return False
    once, again = ([np.asarray(g) for g in run.values() if g is not None] for run in runs)
    if not once or not all(identical(a, b) for a, b in zip(once, again, strict=True)):
        return False
    call.roles = [(role, name) for role, name in call.roles if role != "upstream"]
    return True


def _set_outputs(probe: Probe, first_only: bool) -> None:
    """Whether backward takes a gradient for every output, or only for the first."""
    if first_only != probe.first_output_only:
        probe.first_output_only = first_only
        probe.output_shapes = {n: np.shape(v) for n, v in probe.forward(probe.inputs).leaves.items()}
        probe.upstream = probe.random_upstream()


def _drop_caches(probe: Probe) -> None:
    """`self.inputs` with `self.dinputs` beside it, of an object that has run before: what forward writes over
    is no parameter.
    """
    subject = probe.subject
    inputs = set(subject.input_names)
    subject.parameters = [p for p in subject.parameters if p.name not in inputs]
    stored = [p for p in subject.parameters if p.gradient is not None and is_array(p.place.get())]
    moved = {p.name: 1.01 * probe.value(p.name) + 0.01 for p in stored}
    try:
        probe.outputs(moved)
    except SubjectError:
        return
    kept = {p.name: np.asarray(p.place.get(), dtype=float) for p in stored}
    caches = [n for n, v in kept.items() if v.shape != moved[n].shape or not np.any(v == moved[n])]
    subject.parameters = [p for p in subject.parameters if p.name not in caches]


def _drop_buffers(probe: Probe) -> None:
    """What backward moves but forward does not read is no parameter: a velocity, a counter."""
    base = probe.outputs()
    for parameter in [p for p in probe.subject.parameters if p.gradient is None]:
        value = probe.value(parameter.name)
        try:
            # not the same amount everywhere: a softmax would not see that
            noise = 0.1 * (np.abs(value).mean() + 0.1) * probe.rng.normal(size=value.shape)
            moved = probe.outputs({parameter.name: value + noise})
        except SubjectError:
            continue
        if all(np.array_equal(moved[n], base[n]) for n in base):
            probe.subject.parameters.remove(parameter)


def _clear_gradients(probe: Probe) -> None:
    """A gradient left over from before would be added to by layers that add up."""
    probe.state.restore()
    for parameter in probe.subject.parameters:
        for place in (parameter.gradient, *parameter.also):
            value: Any = place.get() if place is not None else None
            if is_array(value) and value.flags.writeable:
                value[...] = 0
    probe.state = Snapshot(probe.subject.roots)
