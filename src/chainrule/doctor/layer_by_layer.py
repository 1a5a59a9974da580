"""The layers inside of a model, each alone, on what it really receives."""

from __future__ import annotations

from collections.abc import Callable

from .case import Case
from .errors import SubjectError
from .objects import layers_of
from .recorder import Recording
from .report import Finding, Report
from .subject import NotASubject, Subject
from .twins import Twin

Examine = Callable[..., list[Finding]]


def inside_layers(case: Case, report: Report, seed: int, examine: Examine) -> list[Finding]:
    """Each layer directly below, alone, on what it receives; deeper ones by the same rule."""
    owner = case.probe.subject.owner
    layers = layers_of(owner) if owner is not None else {}
    direct = {
        p: layer for p, layer in layers.items() if not any(p.startswith(q + ".") for q in layers if q != p)
    }
    if not direct:
        return []
    case.probe.state.restore()
    with Recording(owner, copy=True) as recording:
        try:
            case.probe.outputs()
        except SubjectError:
            return []
    found: list[Finding] = []
    done: set[int] = set()
    twins: dict[type, Twin] = {}
    for call in list(recording.calls):
        if (
            call.phase != "forward"
            or call.path not in direct
            or call.error is not None
            or id(call.layer) in done
        ):
            continue
        done.add(id(call.layer))
        case.probe.state.restore()
        where = f"{case.path}.{call.path}" if case.path else call.path
        try:
            face = Subject(call.layer, call.inputs, call.kwargs)
            twin = twins.get(type(call.layer))
            if twin is not None and twin.is_like(face, seed):
                twin.also_at(where)
                continue
            local = examine(face, report, path=where, seed=seed)
        except NotASubject:
            continue
        local = [f for f in local if f.code != "backward-raises"]
        found += local
        if local and twin is None:
            case.probe.state.restore()
            twins[type(call.layer)] = Twin(face, where, local, seed)
    case.probe.state.restore()
    return found


def alone(case: Case, path: str, report: Report, seed: int, examine: Examine) -> list[Finding]:
    """One layer inside of a model whose backward fails there, on what it receives."""
    case.probe.state.restore()
    with Recording(case.probe.subject.owner, copy=True) as recording:
        try:
            case.probe.outputs()
        except SubjectError:
            return []
    call = next((c for c in recording.find(path, "forward") if c.error is None), None)
    case.probe.state.restore()
    if call is None:
        return []
    where = f"{case.path}.{path}" if case.path else path
    try:
        return examine(Subject(call.layer, call.inputs, call.kwargs), report, path=where, seed=seed)
    except NotASubject:
        return []
    finally:
        case.probe.state.restore()
