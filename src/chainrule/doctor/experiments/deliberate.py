"""What was done to a right gradient on purpose, in the wrong place: a penalty added, its norm clipped."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import numpy as np

from ..case import Case, close
from ..report import Finding
from ..source.reach import reached
from ..source.read import source_tree
from .counts import ratio
from .scales import function_text


def weight_decay(case: Case, name: str) -> Iterator[Finding]:
    """a - n is collinear with the parameter (where backward(0) does not show it)."""
    a, n = case.a(name), case.n(name)
    w = case.probe.value(name)
    first = case.probe.subject.input_names[:1]
    pair = (
        case.probe.subject.is_pair
        and not case.probe.subject.is_loss
        and max(map(np.size, case.outputs.values())) > 1
    )
    if a.shape != n.shape or w.size < 2 or (pair and name in first):
        return
    whole = getattr(type(case.probe.subject.owner), "inputs_are_data", False)  # weights may be inputs of it
    if not pair and not whole and not case.probe.is_parameter(name) and not _penalizes(case):
        return
    factor = ratio(w, a - n)
    # with small weights a gradient may be nothing but its penalty
    nothing_else = ratio(w, n) is not None and _penalizes(case)
    if factor is not None and (ratio(a, n) is None or nothing_else):
        yield case.finding(
            "regularization-in-gradient",
            [name],
            verified=True,
            evidence={"factor": factor},
            detail=f"the difference to the numerical gradient is {factor:.4g} * {name}",
        )


def _penalizes(case: Case) -> bool:
    """Whether forward adds a penalty, by its own words: 0.5 * REG * np.sum(W * W)."""
    return bool(re.search(r"(?<![a-z])(reg|lam|decay|penal|l2|ridge|wd(?![a-z]))", function_text(case), re.I))


def clipped(case: Case) -> Iterator[Finding]:
    """a = clip(n, -c, c); of a gradient in which one number only is cut, by the limit of another one."""
    limits = {name: limit for name in case.doubtful if (limit := _limit(case, name))}
    for name in case.doubtful:
        for limit in limits.values():
            if name not in limits and close(case.a(name), np.clip(case.n(name), -limit, limit)):
                limits[name] = limit
                break
    if limits:
        limit = next(iter(limits.values()))
        yield case.finding(
            "clipped-in-backward",
            list(limits),
            verified=True,
            place=clips_at(case),
            evidence={"limit": limit},
            detail=f"it is the numerical gradient cut at {limit:.4g}",
        )


def _limit(case: Case, name: str) -> float:
    """Where several numbers of a gradient are cut; 0 where it is not so."""
    a, n = case.a(name), case.n(name)
    limit = float(np.abs(a).max(initial=0))
    if a.shape != n.shape or not 0 < limit < np.abs(n).max(initial=0) or ratio(a, n) is not None:
        return 0.0  # where all numbers are of one size, a factor looks like a limit
    many = np.count_nonzero(np.isclose(np.abs(a), limit, rtol=1e-9)) > 1
    # counts (1 and -3 of a margin loss) meet a limit by chance: what lies below it must vary
    below = np.abs(n[(n != 0) & (np.abs(n) < (1 - 1e-6) * limit)])
    varied = below.size > 0 and np.ptp(below) > 1e-6 * limit
    return limit if many and varied and close(a, np.clip(n, -limit, limit)) else 0.0


def clips_at(case: Case) -> tuple[str, int] | None:
    """The first call in backward, or in a function that it calls, that cuts numbers off."""
    subject = case.probe.subject
    for function in reached(subject.backward_function, subject.owner):
        tree = source_tree(function)
        for node in ast.walk(tree) if tree is not None else ():
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if re.search(r"clip|minimum", name) and not hasattr(function.__globals__.get(name), "__code__"):
                return function.__code__.co_filename, node.lineno
    return None
