"""What no other experiment could name: which small edit of backward makes it right?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import numpy as np

from ..case import Case, close
from ..report import Finding
from ..source.reach import reached
from ..source.read import source_tree
from ..source.repair import SECONDS, Repair, nearby, repairs
from ..structure import is_array
from .counts import ratio
from .local import OF_INPUT, is_elementwise
from .scales import scales_scores
from .step import Step
from .structure import normalizes, speaks_of_windows, step_of

SECONDS_WHEN_KNOWN, SECONDS_WHEN_PLACED, SECONDS_NEARBY = 0.4, 1.0, 1.0


def elementwise(case: Case) -> list[str]:
    """The wrong inputs that the layer changes element by element, with a slope that varies."""
    found = []
    for name in case.wrong:
        step = step_of(case, name)
        if step is not None and is_elementwise(step):
            slope = np.diag(step.jacobian)
            if slope.size > 2 and not close(slope, np.full_like(slope, slope[0]), tolerance=1e-6):
                found.append(name)
    return found


def repaired_nearby(case: Case) -> Iterator[Finding]:
    """Where the first wrong statement is as good as known: which edit of it puts everything right?"""
    if not case.suspects or case.kept.get("proved"):
        return
    repair = nearby(case, SECONDS_NEARBY)
    if repair is not None and set(repair.healed) == set(case.doubtful):
        code = code_of(case, repair)
        if code != "gradient-mismatch":
            yield _finding(case, code, repair, proved=True)


def repaired(case: Case) -> Iterator[Finding]:
    # where a cause is proved already, what is left is most often its consequence; what an elementwise layer
    # does wrong is known without its repair
    known = case.kept.get("proved") or set(elementwise(case)) == set(case.doubtful)
    place = case.kept.get("located")
    placed = place is not None and set(place[1].healed) == set(case.wrong)  # most edits elsewhere are in vain
    repair = repairs(
        case, seconds=SECONDS_WHEN_KNOWN if known else SECONDS_WHEN_PLACED if placed else SECONDS
    )
    if repair is None:
        yield from likely(case)
        return
    code = code_of(case, repair)
    proved = code != "gradient-mismatch" and set(repair.healed) == set(case.doubtful)
    if not proved and code == "gradient-mismatch":
        # the edit has no name of its own: what the layer is says more
        code = next((f.code for f in likely(case)), code)
    yield _finding(case, code, repair, proved)


def _finding(case: Case, code: str, repair: Repair, proved: bool) -> Finding:
    lines = ", ".join(map(str, dict.fromkeys(repair.lines)))
    return case.finding(
        code,
        repair.healed,
        verified=proved,
        evidence={"edit": repair.what},
        line=repair.line,
        file=repair.file,
        fix=repair.diff,
        detail=f"{repair.how} in line"
        f"{'s' if len(set(repair.lines)) > 1 else ''} {lines} of {repair.function}, the gradient of "
        f"{', '.join(repair.healed[:6])} is right",
    )


def code_of(case: Case, repair: Repair) -> str:
    """The edit's code, made more specific by its surroundings."""
    code, text = repair.code, repair.before
    of_another_kind = code in ("sign-flipped", "dropout-scale-missing") or (
        code == "mean-sum-mismatch" and all(ratio(case.a(n), case.n(n)) is not None for n in repair.healed)
    )
    if set(repair.healed) <= set(elementwise(case)) and not of_another_kind:
        # all that this layer's backward does is to multiply with a derivative
        missing = "factor" in repair.what or code == "activation-derivative-missing"
        return "activation-derivative-missing" if missing else "activation-derivative-misplaced"
    if code in ("mean-sum-mismatch", "gradient-mismatch") and _off_by_the_scale(case):
        return "attention-scale-missing"
    if code == "attention-scale-missing" and not _has_softmax(case):
        return "mean-sum-mismatch"  # a constant factor, whatever it is called
    if overlapping(case, repair):
        return "overlap-overwritten"
    left = re.sub(r"\[(['\"])(\w+)\1\]", r".\2", text.split("=")[0])  # grads["W"] is grads.W
    if code == "branch-overwritten" and "[" in left:
        return "overlap-overwritten"
    if (
        code == "branch-overwritten"
        and "." in left
        and all(case.probe.is_parameter(n) for n in repair.healed)
    ):
        return "last-step-only" if _looped(case, repair) else "tied-weight-lost"
    if code == "branch-overwritten" and _looped(case, repair):
        return (
            "last-step-only"
            if all(
                case.probe.is_parameter(n) or n != case.probe.subject.input_names[0] for n in repair.healed
            )
            else "branch-overwritten"
        )
    return code


def overlapping(case: Case, repair: Repair) -> bool:
    """np.add.at(dx, (slice(None), slice(None), rows, columns), ...) in a layer of windows: places that it has
    computed itself (i * stride + p), and no ids that it was handed.
    """
    strided = re.search(r"^\w+\[[^]]*\b\w+ \* \w+ \+ \w", repair.before)
    sliced = "slice(" in repair.diff and speaks_of_windows(case)
    by_places = repair.code == "duplicate-index-lost" and (sliced or strided is not None)
    ids = any(is_array(v) and v.dtype.kind in "iu" for v in case.probe.inputs)
    weights = all(map(case.probe.is_parameter, repair.healed))
    return by_places and not ids and not weights


def _looped(case: Case, repair: Repair) -> bool:
    """Whether a line of backward stands in a loop, or in a function that is called in one."""
    subject = case.probe.subject
    for function in reached(subject.backward_function, subject.owner, abroad=True):
        tree = source_tree(function)
        for loop in ast.walk(tree) if tree is not None else ():
            if not isinstance(loop, (ast.For, ast.While)):
                continue
            here = function.__code__.co_filename == repair.file
            if here and loop.lineno <= repair.line <= (loop.end_lineno or 0):
                return True
            called = [ast.unparse(n.func) for n in ast.walk(loop) if isinstance(n, ast.Call)]
            if repair.function in [c.rpartition(".")[2] for c in called]:
                return True
    return False


def likely(case: Case) -> Iterator[Finding]:
    """No cause could be proved: what kind of layer it is says what is most often wrong with it."""
    alone = [n for n in elementwise(case) if n in case.wrong]
    if alone:
        missing = _missing_derivative(case, alone[0])
        if missing:
            yield case.finding(
                "activation-derivative-missing",
                [alone[0]],
                verified=True,
                evidence={"missing": missing},
                detail=f"the layer acts element by element; the returned gradient times {missing} is right",
            )
            return
        yield case.finding(
            "activation-derivative-misplaced",
            alone,
            evidence={"n / a, from / to": _spread(case, alone[0])},
            detail="the layer acts element by element, so its backward is one factor, the derivative; "
            "and that factor is wrong",
        )
        return
    for name in case.wrong:
        step = step_of(case, name)
        if step is not None and step.ids and _looks_up(step):
            yield case.finding(
                "duplicate-index-lost",
                [name],
                detail="rows of a table that ids look up: the gradients of equal ids have to add up, those "
                "of different ones must not meet",
            )
            return
        if step is None or step.is_parameter or step.x.shape != step.y.shape:
            continue
        j = step.jacobian
        if close(j.sum(0), np.zeros(j.shape[1]), float(np.abs(j).max()), 1e-6) and (
            step.y.min() >= 0 or step.y.max() <= 0
        ):
            yield case.finding(
                "softmax-diagonal-only",
                [name],
                detail="a softmax (each row of its Jacobian adds up to 0) whose gradient is wrong",
            )
        elif normalizes(case, name):
            yield case.finding(
                "statistics-treated-constant",
                [name],
                detail="a norm (the scale of its input does not matter) whose input gradient is wrong",
            )


def _looks_up(step: Step) -> bool:
    """Whether each output is one number of a table, and some of these are taken more than once."""
    ones = np.abs(step.jacobian - 1) < 1e-6
    plain = bool((ones | (np.abs(step.jacobian) < 1e-9)).all() and (ones.sum(1) == 1).all())
    return plain and ones.sum(0).max() > 1


def _missing_derivative(case: Case, name: str) -> str:
    """The derivative by which the returned gradient has to be multiplied, if it is a known one."""
    x, a = case.probe.value(name), case.a(name)
    with np.errstate(all="ignore"):
        return next((text for text, slope in OF_INPUT.items() if case.explains(name, a * slope(x))), "")


def _spread(case: Case, name: str) -> list[float]:
    with np.errstate(all="ignore"):
        ratios = case.n(name) / case.a(name)
    good = ratios[np.isfinite(ratios)]
    return [float(good.min()), float(good.max())] if good.size else []


def _has_softmax(case: Case) -> bool:
    subject = case.probe.subject
    functions = reached(subject.forward_function, subject.owner, abroad=True)
    names = {name for f in functions for name in (f.__name__, *f.__code__.co_names)}
    return any("softmax" in name or name == "exp" for name in names)


def _off_by_the_scale(case: Case) -> bool:
    """Whether some gradients are off by the root of a length, in code
    with a softmax, and others are right.
    """
    factors = [ratio(case.a(n), case.n(n)) for n in case.wrong]
    return bool(case.right) and any(c is not None and c > 0 and scales_scores(case, c) for c in factors)
