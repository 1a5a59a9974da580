"""One layer, then what is inside of it: the order in which the doctor asks.

Local before global: when a composite is wrong, every layer inside is checked alone, on the inputs that it
really receives. Only if all of them are right is the fault in the wiring between them.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

from .case import Case
from .errors import SubjectError, TooLarge
from .excused import not_finite
from .experiments.algebra import algebra
from .experiments.contract import contract
from .experiments.engine import engine
from .experiments.forward import forward_faults
from .experiments.forward_stores import forward_stores
from .experiments.inside import inside, inside_at_once
from .experiments.one_step import one_step
from .experiments.paths import far_paths, near_paths
from .experiments.repaired import repaired, repaired_nearby
from .experiments.slopes import slopes
from .experiments.structure import structure
from .experiments.wiring import wiring
from .from_labels import meant
from .function_by_function import inside_functions
from .guards import guards_of, matter
from .handed_wrong import handed_wrong
from .layer_by_layer import alone, inside_layers
from .mending import mend
from .on_purpose import on_purpose
from .raised import layer_that_failed, raised
from .report import Finding, Report
from .smaller.settle import settle
from .step_model import StepModel
from .subject import Subject
from .unfinished import is_stub, unfinished, unfinished_inside
from .verdict import harmless_last, verdict, without_penalties
from .waiting import now


def examine(
    face: Subject,
    report: Report,
    *,
    path: str = "",
    intent: frozenset[str] = frozenset(),
    seed: int = 0,
    given: Any = None,
    like: Any = None,
) -> list[Finding]:
    """All findings for one subject and what is inside of it."""
    as_meant = meant(face, seed)
    if as_meant is not None:
        if as_meant.face is None:
            report.not_tested.append(f"{path or face.name}: {as_meant.said}")
            return []
        face = as_meant.face
        report.assumed += [] if path else [as_meant.said]
    probe = None
    lowered = ExitStack()
    now(f"{path}: its gradients" if path else "the gradients")
    try:
        case, sizes = settle(face, path, intent, seed, given, keep=like is not None)
        probe, face = case.probe, case.probe.subject
        if sizes:
            report.sizes.append(f"{path + ': ' if path else ''}{sizes}")
        if case.error is not None or case.doubtful:
            missing = unfinished_inside(case)
            if missing:
                return _without(case, missing, report, seed)
        if case.error is not None:
            return _failed(face, case.error, path, report, case, seed)
        if case.wrong and (guards := guards_of(case)):
            lowered.enter_context(guards)
            without = Case(probe, path, intent)
            if without.error is None and matter(case, without):
                case = without
            else:
                guards.restore()
        broken = not_finite(case)
        if broken:
            report.not_tested.append(f"{path or face.name}: {broken}")
            return []
        empty = is_stub(face.backward_function)
        if empty:
            _not_written(report, path, "backward is not written yet")
        elif path:
            report.on_purpose += [path] if case.stepwise else []
        else:
            report.tested += case.right
            report.not_tested += case.not_tested
            report.not_yet += case.not_yet
        if not path:
            case.not_tested = report.not_tested  # what the experiments add
        found = [] if empty else _tried(contract, case, report)
        if case.doubtful or case.stepwise:
            deliberate = len(report.on_purpose)
            inner = inside_layers(case, report, seed, examine)
            inner = inner or inside_functions(case, report, seed, examine)
            if inner:
                return _with_own_contract(found, inner)
            if len(report.on_purpose) > deliberate:
                layers = ", ".join(report.on_purpose[deliberate:])
                report.not_tested.append(
                    f"{path or face.name} as a whole: {layers} changes gradients on purpose"
                )
                return harmless_last(found)
        if case.doubtful:
            for ask in (
                wiring, engine, forward_stores, algebra, structure, one_step, near_paths, inside_at_once,
                repaired_nearby, slopes, inside, far_paths, repaired,
            ):  # fmt: skip
                found += _tried(ask, case, report)
                named = any(f.verified and set(f.targets) & set(case.wrong) for f in found)
                case.kept["proved"] = named and not _of_time(found)
                if (ask not in (algebra, structure) and _all_proved(case, found)) or (
                    ask is structure and _all_proved(case, found) and not _of_time(found)
                ):
                    break
        if not path:
            found += _tried(forward_faults, case, report)
        if like is not None:
            from .reference import compare_with

            found += _tried(partial(compare_with, reference=like), case, report)
        judged = verdict(case, _honest_about_optimizers(case, found, report))
        if as_meant is not None and not as_meant.surely:
            judged = without_penalties(judged, report)
        judged = _as_meant(case, judged, report)
        said = {t for f in judged for t in f.targets}
        report.also_wrong += [_at(path, n) for n in case.doubtful if judged and n not in said]
        mend(case, judged)
        return judged
    except SubjectError as error:
        return _failed(face, error, path, report)
    finally:
        lowered.close()
        if probe is not None:
            probe.close()


def _honest_about_optimizers(case: Case, found: list[Finding], report: Report) -> list[Finding]:
    """A step whose every number has the gradient's sign, but another
    size, is an optimizer's own rule (Adam).
    """
    if isinstance(case.probe.subject, StepModel) and not any(f.verified for f in found):
        adaptive = [n for n in case.wrong if _same_signs(case.a(n), case.n(n), case.scale)]
        if adaptive:
            report.not_tested.append(
                f"{', '.join(adaptive)}: the step is no multiple of the gradient (an adaptive "
                "optimizer?); only its sign was checked"
            )
            case.wrong = [n for n in case.wrong if n not in adaptive]
            return [f for f in found if not set(f.targets) <= set(adaptive)]
    return found


def _as_meant(case: Case, found: list[Finding], report: Report) -> list[Finding]:
    """Without what the code does on purpose, which is said instead."""
    kept = []
    for finding in found:
        said = on_purpose(case, finding)
        if said:
            report.not_tested.append(f"{case.path}: {said}" if case.path else said)
            report.on_purpose.append(case.path)
        else:
            kept.append(finding)
    return kept


def _same_signs(a: np.ndarray, n: np.ndarray, scale: float) -> bool:
    clear = np.abs(n) > 1e-6 * max(float(np.abs(n).max(initial=0)), 1e-300)
    return bool(np.all(np.sign(a[clear]) == np.sign(n[clear])))


def _tried(ask: Callable[[Case], Iterable[Finding]], case: Case, report: Report) -> list[Finding]:
    """The findings of one experiment; one that fails on odd code is said, and is no reason to stop."""
    found: list[Finding] = []
    asked = getattr(ask, "__name__", "like").replace("_", " ")
    now(f"{case.path}: {asked}" if case.path else asked)
    try:
        for finding in ask(case):
            found.append(finding)
    except TooLarge as problem:
        report.not_tested += [str(problem)] if str(problem) not in report.not_tested else []
    except Exception as error:  # foreign code: anything can happen
        if DEBUG:
            traceback.print_exc()
        report.not_tested.append(
            f"{getattr(ask, '__name__', 'like')}: could not be run here ({type(error).__name__}: {error})"
        )
    finally:
        case.probe.state.restore()
    return found


DEBUG = False


def _of_time(found: list[Finding]) -> bool:
    """Which state was dropped, the hidden one or the cell, only the paths tell."""
    return any(f.code == "hidden-gradient-dropped" for f in found)


def _all_proved(case: Case, found: list[Finding]) -> bool:
    explained = {t for f in found if f.verified for t in f.targets}
    return set(case.doubtful) <= explained


def _with_own_contract(own: list[Finding], inner: list[Finding]) -> list[Finding]:
    """Of the composite's own findings, what its layers do not say themselves."""
    codes = {f.code for f in inner}
    keep = [
        f for f in own if f.code in ("unchained-upstream", "accumulates-across-calls") and f.code not in codes
    ]
    return harmless_last([*inner, *keep])


def _without(case: Case, missing: list[str], report: Report, seed: int) -> list[Finding]:
    """What can be said of a model of which some layers are not finished: its other layers alone."""
    above = f"{case.path}." if case.path else ""
    for path in missing:
        _not_written(report, above + path, "backward is not written yet")
    report.not_tested.append(f"{case.path or case.probe.subject.name}: as a whole, once these are written")
    return inside_layers(case, report, seed, examine)


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _not_written(report: Report, path: str, what: str) -> None:
    line = f"{path}: {what}" if path else what
    if line not in report.not_tested:
        report.not_tested.append(line)
        report.not_yet.append(path or what.split()[0])


def _failed(
    face: Subject, problem: SubjectError, path: str, report: Report, case: Case | None = None, seed: int = 0
) -> list[Finding]:
    """The user's exception is a finding; one of the doctor's own is none, nor is code that is not written.

    Of a model: the layer in which it arose is asked alone; is that right, it was handed something wrong.
    """
    missing = unfinished(face, problem)
    if missing:
        _not_written(report, path, missing)
        return []
    if problem.is_ours:
        report.not_tested.append(f"{path or face.name}: could not be run here ({problem})")
        return []
    if case is not None and problem.phase == "backward":
        inner = layer_that_failed(face, problem)
        if inner:
            found = alone(case, inner, report, seed, examine)
            return found or [handed_wrong(case, problem, inner)]
    return [raised(face, problem, path, case)]
