"""Outputs are equal: are the gradients?"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Case
from ..errors import SubjectError
from ..report import Finding
from .meeting import Meeting, own_arrays

TOLERANCE = 1e-6


def compare_gradients(case: Case, meeting: Meeting) -> list[Finding]:
    """Gradients of the subject that agree with the numerical ones, but not with the reference's backward.
    (Those
    that do not agree with the numerical ones are explained already.)
    """
    probe = case.probe
    try:
        forward = probe.outputs()
        upstream = {n: np.zeros(v.shape) for n, v in forward.items()}
        theirs_upstream: dict[str, np.ndarray] = {}
        rng = np.random.default_rng(29)
        for match in meeting.matches:
            g = (
                np.ones(forward[match.ours].shape)
                if probe.subject.is_loss
                else rng.normal(size=forward[match.ours].shape)
            )
            upstream[match.ours] = g
            theirs_upstream[match.theirs] = g.reshape(meeting.target(0)[match.theirs].shape)
        ours = probe.run(upstream).gradients
        probe.state.restore()
        theirs = meeting.reference.gradients(
            probe._set({})[: meeting.count],
            meeting.transfer.apply(own_arrays(case, meeting.count, {}), meeting.reference.shapes),
            theirs_upstream,
        )
    except SubjectError:
        return []
    except Exception as error:  # the reference's own backward
        case.not_tested.append(
            f"like {meeting.reference.name}: its backward does not run ({type(error).__name__}: {error})"
        )
        return []
    finally:
        probe.state.restore()
    if theirs is None:
        return []
    wrong = [n for n in ours if n in case.right and not _agree(case, meeting, n, ours[n], theirs)]
    if not wrong:
        return []
    return [
        case.finding(
            "reference-mismatch",
            wrong,
            evidence={"reference": meeting.reference.name},
            detail=f"the outputs are equal, and the gradient of {', '.join(wrong)} equals the numerical "
            f"one, but {meeting.reference.name}'s backward gives "
            "another: it may be meant so (a straight-through or a clipped gradient), or the reference "
            "is wrong",
        )
    ]


def _agree(
    case: Case, meeting: Meeting, name: str, ours: Any, theirs: tuple[dict[int, Any], dict[str, Any]]
) -> bool:
    """Whether both gradients have the same slope along random directions; True where there is nothing to
    compare.
    """
    probe = case.probe
    inputs, parameters = theirs
    names = probe.subject.input_names[: meeting.count]
    if not isinstance(ours, np.ndarray):
        return True
    rng = np.random.default_rng(37)
    for _ in range(2):
        direction = rng.normal(size=ours.shape)
        if name in names:
            gradient = inputs.get(names.index(name))
            if gradient is None or np.shape(gradient) != ours.shape or not np.any(gradient):
                return True
            slope = float(np.vdot(gradient, direction))
        else:
            found = _slope(case, meeting, name, np.asarray(direction), parameters)
            if found is None:
                return True
            slope = found
        mine = float(np.vdot(ours, direction))
        if (
            abs(mine - slope)
            > TOLERANCE * case.looseness * (abs(mine) + abs(slope) + float(np.linalg.norm(ours))) + 1e-10
        ):
            return False
    return True


def _slope(
    case: Case, meeting: Meeting, name: str, direction: np.ndarray, gradients: dict[str, Any]
) -> float | None:
    """The reference's slope along a direction of one of our arrays, wherever that went (transfers are
    linear).
    """
    from .reading import tidy

    moved = {n: np.zeros(v.shape) for n, v in own_arrays(case, meeting.count, {}).items()}
    key = tidy(name)
    if key not in moved:
        return None
    moved[key] = direction
    total, known = 0.0, False
    for theirs, source in meeting.transfer.links.items():
        if key in source.of:
            gradient = gradients.get(theirs)
            if gradient is None or not np.any(gradient):
                return None
            taken = source.take(moved)
            if np.shape(gradient) != taken.shape:
                return None
            total, known = total + float(np.vdot(gradient, taken)), True
    return total if known else None
