"""A layer that is right alone and fails in its model: what was it handed, and what should it have been?"""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import Case
from .errors import SubjectError
from .experiments.skipped import first
from .experiments.wiring import chain_of, chained
from .raised import line_of_backward, raised
from .recorder import Call, Recording
from .report import Finding

TOLERANCE = 1e-5


def handed_wrong(case: Case, problem: SubjectError, path: str) -> Finding:
    """The finding: unchained-upstream where with its successor's gradient backward runs and is right, else
    the exception with both shapes.
    """
    calls = _calls(case)
    failed = next((c for c in reversed(calls) if c.phase == "backward" and c.path == path and c.error), None)
    made = next((c for c in calls if c.phase == "forward" and c.path == path), None)
    finding = raised(case.probe.subject, problem, case.path)
    if failed is None or made is None:
        return finding
    got, wanted = np.shape(first(failed.inputs)), np.shape(first(made.outputs))
    finding.evidence |= {"handed": got, "its output": wanted}
    if got == wanted:
        return finding
    finding.detail += (
        f"; alone it is right: it is handed a gradient of shape {got}, its output has shape {wanted}"
    )
    finding.fix = f"hand {path} the gradient of its own output: what the layer after it returns"
    chain = chain_of([c for c in calls if c.phase == "forward" and c.parent == made.parent], path)
    above = chain[chain.index(path) + 1 :] if path in chain else []
    same = [
        p
        for p in above
        if _handed(calls, p) is not None and np.array_equal(_handed(calls, p), first(failed.inputs))
    ]
    if not same:
        return finding
    right = _agreeing(case, chained(case, chain))
    names = [f"{case.path}.{p}" if case.path else p for p in (path, *same)]
    return case.finding(
        "unchained-upstream",
        right,
        verified=bool(right),
        line=line_of_backward(case.probe.subject, problem),
        evidence={"handed the same gradient": names, "raised": type(problem.error).__name__},
        detail=f"{', '.join(names)} feed one another in forward, and in backward are handed the same "
        f"gradient, where {path} fails"
        + ("; with each handed what its successor returned, backward runs and is right" if right else ""),
    )


def _calls(case: Case) -> list[Call]:
    with Recording(case.probe.subject.owner, copy=True) as recording:
        case.again()
    return [c for c in recording.calls if c.path]


def _handed(calls: list[Call], path: str) -> Any:
    return next((first(c.inputs) for c in calls if c.phase == "backward" and c.path == path), None)


def _agreeing(case: Case, gradients: dict[str, Any] | None) -> list[str]:
    """Which gradients equal the numerical ones along a direction."""
    rng = np.random.default_rng([31, 8_191])
    found = []
    for name, gradient in (gradients or {}).items():
        if not isinstance(gradient, np.ndarray) or gradient.shape != case.probe.value(name).shape:
            continue
        direction = np.asarray(rng.normal(size=gradient.shape))
        slope, _ = case.numeric.along(name, direction)
        size = float(np.linalg.norm(gradient)) + abs(slope)
        if size and abs(slope - float(np.vdot(gradient, direction))) <= TOLERANCE * size:
            found.append(name)
    return found
