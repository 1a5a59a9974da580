"""parameter-not-updated, rows-not-updated, and a step that is not applied at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...report import Finding
from ..batches import arrays_of
from ..held import held_steps
from ..slopes import gradient_along, gradient_norm
from ..study import Study
from ..weights import Weight

BATCHES, MOST_ROWS = 3, 64


def frozen(study: Study) -> list[Finding]:
    """Weights that stay where they are although the loss has a slope along them."""
    still = [w for w in study.trainee.unmoved if not study.course.moved[w.name].any()]
    slopes = {w.name: _slope(study, w) for w in still}
    concerned = [name for name, value in slopes.items() if value > 0]
    if not concerned:
        return rows(study)
    numbers = {f"slope of {name}": slopes[name] for name in concerned}
    if not study.trainee.weights and not study.trainee.elsewhere:
        return [
            study.finding(
                "update-disagrees",
                concerned,
                verified=True,
                evidence={"applied": 0.0, **numbers},
                detail=f"after {len(study.course.losses)} steps no weight has moved, although the "
                f"loss has a slope "
                f"along {', '.join(concerned[:4])}",
            )
        ]
    return [
        study.finding(
            "parameter-not-updated",
            concerned,
            verified=True,
            evidence=numbers,
            detail=f"unchanged after {len(study.course.losses)} steps, while {_others(study)}; "
            f"the loss has a slope along "
            f"it: {max(slopes.values()):.2g}",
        ),
        *rows(study),
    ]


def _others(study: Study) -> str:
    if study.trainee.weights:
        return f"{study.trainee.weights[0].name} moves"
    return f"{study.trainee.elsewhere[0]}, which no loss depends on, moves"


def _slope(study: Study, weight: Weight) -> float:
    """How much the loss depends on a weight; 0 where the step that is due would be lost in rounding."""
    trainee = study.trainee
    best = max(gradient_norm(trainee, weight, trainee.batch(i), 3) for i in range(BATCHES))
    if not np.isfinite(best) or best < 1e-9:
        return 0.0
    size = float(np.linalg.norm(weight.read()))
    if trainee.rate is not None and trainee.rate * best < 10 * weight.resolution * size:
        return 0.0
    return best


def rows(study: Study) -> list[Finding]:
    """Slices of a weight that do not move in a step although its batch's loss has a slope along them."""
    found = []
    trainee = study.trainee
    first = [held_steps(trainee, trainee.batch(i), 1).steps[0] for i in range(BATCHES)]
    for weight in trainee.weights:
        shape = np.shape(weight.get())
        for axis in range(len(shape)):
            others = tuple(a for a in range(len(shape)) if a != axis)
            worst: list[int] = []
            for i, steps in enumerate(first):
                idle = ~np.any(steps[weight.name] != 0, axis=others)
                if idle.any() and not idle.all():
                    concerned = _with_slope(study, weight, axis, idle, steps[weight.name], i)
                    worst = max(worst, concerned, key=len)
            if len(worst) > _on_purpose(study, weight):
                found.append(
                    study.finding(
                        "rows-not-updated",
                        [weight.name],
                        verified=True,
                        evidence={"rows": worst, "of": shape[axis], "axis": axis},
                        detail=f"{_said(np.array(worst))} of axis {axis} of {weight.name} {shape} "
                        f"do not move in a step whose "
                        "own batch's loss has a slope along them; the others do",
                    )
                )
                break
    return found


def _with_slope(
    study: Study, weight: Weight, axis: int, idle: np.ndarray, step: np.ndarray, index: int
) -> list[int]:
    """Which of the idle rows the loss of this batch depends on, if not so little that the step due would be
    lost in rounding.
    """
    trainee = study.trainee
    batch = trainee.batch(index)
    moving = np.moveaxis(step, axis, 0)[~idle]
    typical = float(np.sqrt(np.mean(moving**2)))
    reference = _slope_along(study, weight, axis, np.flatnonzero(~idle), batch)
    rounding = 10 * weight.resolution * float(np.abs(weight.read()).max())
    found = []
    for row in np.flatnonzero(idle)[:MOST_ROWS]:
        slope = _slope_along(study, weight, axis, np.array([row]), batch)
        ratio = slope / reference if reference else 0.0
        if ratio > 1e-3 and ratio * typical > rounding:
            found.append(int(row))
    return found


def _slope_along(study: Study, weight: Weight, axis: int, rows: np.ndarray, batch: tuple[Any, Any]) -> float:
    """The size of the gradient per number of these rows."""
    mask = np.zeros(np.shape(weight.get()), dtype=bool)
    np.moveaxis(mask, axis, 0)[rows] = True
    slopes = [s.value for _, s in gradient_along(study.trainee, weight, batch, 2, mask) if s.sure]
    return float(np.sqrt(np.mean(np.square(slopes)) / mask.sum())) if slopes else 0.0


def _on_purpose(study: Study, weight: Weight) -> int:
    """One row of a table that is looked up by whole numbers is often kept for padding."""
    whole = (
        not isinstance(study.trainee.x, dict)
        and np.asarray(arrays_of(study.trainee.x)[:1]).dtype.kind in "iu"
    )
    return 1 if whole and np.ndim(weight.get()) == 2 else 0


def _said(rows: np.ndarray) -> str:
    if len(rows) > 2 and np.array_equal(rows, np.arange(rows[0], rows[-1] + 1)):
        return f"rows {rows[0]} to {rows[-1]}"
    return (
        "row"
        + ("s " if len(rows) > 1 else " ")
        + ", ".join(map(str, rows[:6]))
        + (" ..." if len(rows) > 6 else "")
    )
