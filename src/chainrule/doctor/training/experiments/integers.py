"""Weights of an integer type: as floats they move, as integers they cannot."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ...objects import stored_attributes
from ...report import Finding
from ..study import Study

_CASTING = re.compile(r"cast ufunc|Cannot cast|same_kind", re.I)


def integer_weights(study: Study) -> list[Finding]:
    """Weights of an integer type: as floats they move, as integers they cannot."""
    trainee = study.trainee
    error = study.course.error
    concerned = []
    for path, owner, key, array in integer_arrays(trainee.roots):
        if _moves_as_float(study, owner, key, array, error):
            concerned.append((path, array.dtype))
    if not concerned:
        return []
    names = [path for path, _ in concerned]
    what = f"the step raises {type(error).__name__}: {error}" if error else "they never hold a fraction"
    return [
        study.finding(
            "dtype-hazard",
            names,
            verified=True,
            evidence={path: str(dtype) for path, dtype in concerned},
            detail=f"{', '.join(names)}: {concerned[0][1]}; {what}; as floats they learn",
            fix="W = W.astype(np.float64)    # weights are floats: np.zeros((n, m)), not "
            "np.zeros((n, m), int)",
        )
    ]


def integer_arrays(roots: dict[str, Any]) -> list[tuple[str, Any, Any, np.ndarray]]:
    """(path, owner, key, array) for every integer array below the roots."""
    found: list[tuple[str, Any, Any, np.ndarray]] = []
    seen: set[int] = set()

    def walk(path: str, owner: Any, depth: int) -> None:
        if depth > 6 or id(owner) in seen:
            return
        seen.add(id(owner))
        if isinstance(owner, dict):
            items: list[tuple[Any, Any]] = list(owner.items())
        elif isinstance(owner, (list, tuple)):
            items = list(enumerate(owner))
        elif hasattr(owner, "__dict__") and not isinstance(owner, type):
            items = list(stored_attributes(owner).items())
        else:
            return
        for key, value in items[:1000]:
            where = f"{path}.{key}" if path else str(key)
            if isinstance(value, np.ndarray):
                if value.dtype.kind in "iu" and value.size and not isinstance(owner, tuple):
                    found.append((where, owner, key, value))
            else:
                walk(where, value, depth + 1)

    for name, root in roots.items():
        walk(name, root, 0)
    return found


def _put(owner: Any, key: Any, value: Any) -> None:
    if isinstance(owner, (dict, list)):
        owner[key] = value
    else:
        object.__setattr__(owner, key, value)


def _kept(owner: Any, key: Any) -> Any:
    return owner[key] if isinstance(owner, (dict, list)) else stored_attributes(owner).get(key)


def _moves_as_float(study: Study, owner: Any, key: Any, array: np.ndarray, error: Exception | None) -> bool:
    """Whether a step moves the array by fractions once it is made of floats, and could not before."""
    trainee = study.trainee
    batch = trainee.batch(0)
    trainee.restore()
    others = (
        [(o, k, a) for _, o, k, a in integer_arrays(trainee.roots)]
        if error and _CASTING.search(str(error))
        else [(owner, key, array)]
    )
    for o, k, a in others:
        _put(o, k, a.astype(float))
    raised = trainee.try_(lambda: trainee.step(*batch))
    now = _kept(owner, key)
    moved = isinstance(now, np.ndarray) and now.shape == array.shape and not np.array_equal(now, array)
    fractions = moved and not np.array_equal(now, np.round(now))
    trainee.restore()
    if isinstance(raised, Exception) or not fractions:
        return False
    if error is not None:
        return bool(_CASTING.search(str(error)))
    trainee.try_(lambda: trainee.step(*batch))
    kept = _kept(owner, key)
    still = isinstance(kept, np.ndarray) and kept.dtype.kind in "iu"
    trainee.restore()
    return still
