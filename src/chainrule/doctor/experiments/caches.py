"""cache-overwritten, where forward returns the cache: it belongs to its call, whatever else was called.

Forward and backward of the usual point, with another call between the two or before both: at another point,
with other ids, other random numbers, a longer batch. The gradients must be those of a lonely call.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..case import Case, close
from ..errors import SubjectError
from ..probe import Arrays, Probe, frozen
from ..quiet import rewind, same_draws
from ..report import Finding
from ..structure import copied, is_array, is_real, mapped

Inputs = tuple[Any, ...]


def stale_caches(case: Case) -> Iterator[Finding]:
    """Every company, between forward and backward and before both."""
    if not case.probe.subject.returns_cache or not case.probe.subject.call.wants_cache or case.run is None:
        return
    for what, theirs in _companies(case.probe):
        for between in (True, False):
            try:
                gradients = _in_company(case, theirs, between)
            except SubjectError as error:
                yield case.finding(
                    "cache-overwritten",
                    verified=True,
                    evidence={"exception": str(error)},
                    detail=f"with another call ({what}) {_when(between)}, backward on a call's own cache "
                    f"fails: {error}",
                )
                return
            changed = [
                n
                for n, gradient in (gradients or {}).items()
                if isinstance(gradient, np.ndarray)
                and not close(gradient, case.run.gradients.get(n, np.nan), tolerance=1e-9)
            ]
            if changed:
                yield case.finding(
                    "cache-overwritten",
                    changed,
                    verified=True,
                    evidence={"differ": changed},
                    detail=f"another call ({what}) {_when(between)} changes the gradient of "
                    f"{', '.join(changed)}, although backward was handed this call's own cache",
                )
                return
    yield from _first_cache_forever(case)


def _when(between: bool) -> str:
    return "between a forward and its backward" if between else "before a forward and its backward"


def _companies(probe: Probe) -> Iterator[tuple[str, Inputs]]:
    """Inputs for the other call: the same numbers in other places (what is valid here is valid there), a
    wider input, and a longer batch.
    """
    rolled = tuple(_rolled(value) for value in probe.inputs)
    settings = probe.subject.kwargs.values()
    pairs = [*zip(rolled, probe.inputs, strict=True), *((_rolled(value), value) for value in settings)]
    if any(not _equal(a, b) for a, b in pairs):
        yield "at another point", rolled
    if probe.inputs and is_array(probe.inputs[0]) and probe.inputs[0].ndim > 2:
        wider = np.concatenate([rolled[0], rolled[0][..., :1]], -1)
        yield "with a wider input", (wider, *rolled[1:])
    if probe.inputs and is_array(probe.inputs[0]) and probe.inputs[0].ndim > 1:
        batch = len(probe.inputs[0])
        yield (
            "with a longer batch",
            tuple(
                np.concatenate([value, value[:1]])
                if is_array(value) and value.ndim and len(value) == batch
                else value
                for value in rolled
            ),
        )


def _rolled(value: Any) -> Any:
    if is_array(value) and value.dtype != bool and value.ndim:
        return np.roll(value, 1).reshape(value.shape)
    return mapped(value, lambda _, leaf: _rolled(leaf) if is_array(leaf) and leaf.ndim else leaf)


def _equal(a: Any, b: Any) -> bool:
    return not is_array(a) or bool(np.array_equal(a, b))


def _in_company(case: Case, theirs: Inputs, between: bool) -> dict[str, Any] | None:
    """The gradients of the usual point when another call stands between its forward and its backward, or has
    gone before. None where that cannot be run, or where forward itself gives something else then: a state
    that is carried over is no matter of the cache. Of the parameters, only those whose gradients can be
    cleared.
    """
    probe = case.probe
    subject = probe.subject
    probe.state.restore()
    rewind()
    mine = tuple(copied(v) for v in probe.inputs)
    parameters = {p.name: np.array(p.place.get(), dtype=float) for p in subject.parameters}
    rng = np.random.default_rng([29, 8_191])
    try:
        with same_draws():
            if between:
                forward = probe.limited(subject.forward(mine))
        drawn = probe.state.random_states()
        probe.state.advance_random()
        with same_draws(7), _other_settings(probe):
            other = probe.limited(subject.forward(theirs))
        if between:
            probe.state.set_random(drawn)
        else:
            upstream = {n: rng.normal(size=np.shape(v)) for n, v in other.leaves.items()}
            try:
                with same_draws(1007):
                    subject.backward(other, upstream, theirs, probe.rate)
            except Exception as error:
                if _runs(probe, theirs, upstream):  # at second sight: it depends on what went before
                    raise SubjectError("backward", error) from error
                return None
            for parameter in subject.parameters:
                parameter.place.set(parameters[parameter.name])
            probe.state.restore_random()
            rewind()
            with same_draws():
                forward = probe.limited(subject.forward(mine))
            if any(not close(forward.leaves[n], y, tolerance=1e-9) for n, y in case.outputs.items()):
                return None
    except SubjectError:
        raise
    except Exception:
        return None
    clearable = _clear(probe)
    try:
        with same_draws(1000):
            returned = subject.backward(forward, probe.upstream, mine, probe.rate)
    except Exception as error:
        raise SubjectError("backward", error) from error
    gradients, rest = subject.input_gradients(returned, mine)
    of_parameters = subject.parameter_gradients(rest, parameters, probe.rate)
    return frozen(gradients | {n: g for n, g in of_parameters.items() if n in clearable})


@contextlib.contextmanager
def _other_settings(probe: Probe) -> Iterator[None]:
    """Arrays that are handed over by name (the keys of a dropout) are others, too."""
    subject = probe.subject
    kept = subject.kwargs
    subject.kwargs = {name: _rolled(value) for name, value in kept.items()}
    try:
        yield
    finally:
        subject.kwargs = kept


def _runs(probe: Probe, theirs: Inputs, upstream: Arrays) -> bool:
    """Whether the other call works when it is repeated."""
    try:
        for _ in range(2):
            probe.state.restore()
            rewind()
            with same_draws(7):
                forward = probe.limited(probe.subject.forward(theirs))
            probe.subject.backward(forward, upstream, theirs, probe.rate)
    except Exception:
        return False
    return True


def _clear(probe: Probe) -> list[str]:
    """Puts the stored gradients to 0; which parameters' could be."""
    cleared = []
    for parameter in probe.subject.parameters:
        value: Any = parameter.gradient.get() if parameter.gradient is not None else None
        if is_array(value) and is_real(value) and value.flags.writeable and not parameter.also:
            value[...] = 0
            cleared.append(parameter.name)
    return cleared


def _elsewhere(probe: Probe) -> Arrays:
    """Another point with the same numbers in other places."""
    return {
        n: np.roll(probe.value(n), 1).reshape(probe.value(n).shape)
        for n in probe.names
        if not probe.is_parameter(n)
    }


def _first_cache_forever(case: Case) -> Iterator[Finding]:
    """At another point, backward still gives the gradient of the first one."""
    other = _elsewhere(case.probe)
    moved = case.again(changes=other)
    if moved is None or case.run is None or case.wrong:
        return
    stuck = []
    for name in other:
        a, first = moved.get(name), case.run.gradients.get(name)
        if (
            not isinstance(a, np.ndarray)
            or not isinstance(first, np.ndarray)
            or not np.any(first)
            or not close(a, first, tolerance=1e-9)
        ):
            continue
        if not case.agrees(name, first):
            continue  # an exception by convention, such as an embedding's padding row
        direction = np.random.default_rng([19, 8_191]).normal(size=a.shape)
        h = 1e-5
        up = case.probe.scalar({**other, name: other[name] + h * direction})
        down = case.probe.scalar({**other, name: other[name] - h * direction})
        slope = (up - down) / (2 * h)
        if abs(slope - float(np.vdot(a, direction))) > 1e-3 * (abs(slope) + float(np.linalg.norm(a))):
            stuck.append(name)
    if stuck:
        yield case.finding(
            "cache-overwritten",
            stuck,
            verified=True,
            evidence={"the same at another point": stuck},
            detail=f"at another point, backward gives the same gradient of {', '.join(stuck)} as at "
            "the first "
            "one, and the numerical gradient does not",
        )
