"""dtype-hazard: numbers in a type that cannot hold them, and NaN: what produced it, and where."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ...report import Finding
from ..batches import arrays_of, converted
from ..course import run_course
from ..moments import watch
from ..stages import paths_of
from ..study import Study
from .integers import integer_weights


def hazard(study: Study) -> list[Finding]:
    for experiment in (integer_weights, bad_data, narrow_numbers, not_a_number):
        found = experiment(study)
        if found:
            return found
    return []


# ------------------------------------------------------------ data


def bad_data(study: Study) -> list[Finding]:
    """NaN or infinity in what was handed in."""
    for name, data in (("x", study.trainee.x), ("target", study.trainee.target)):
        for array in arrays_of(data):
            if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
                rows = np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(1))
                return [
                    study.finding(
                        "dtype-hazard",
                        [name],
                        verified=True,
                        evidence={"rows": rows[:10].tolist(), "count": len(rows)},
                        detail=f"{name} itself holds NaN or infinity, in {len(rows)} of "
                        f"{len(array)} rows, first in row {rows[0]}",
                        fix=f"assert np.isfinite({name}).all()    # and drop or fill those rows",
                    )
                ]
    return []


def narrow_numbers(study: Study) -> list[Finding]:
    """Integers of few bits, or half precision: with wider numbers the loss is another one."""
    trainee = study.trainee
    batch = trainee.batch(0)
    base = trainee.try_(lambda: trainee.loss_at({}, batch))
    for place, name in ((0, "x"), (1, "target")):
        narrow = [
            a
            for a in arrays_of(batch[place])
            if (a.dtype.kind in "iu" and a.dtype.itemsize < 8) or a.dtype == np.float16
        ]
        if not narrow or isinstance(base, Exception):
            continue
        for wide in (np.int64, np.float64):
            other = list(batch)
            other[place] = converted(batch[place], partial(_widened, dtype=wide))
            loss = trainee.try_(trainee.loss_at, {}, (other[0], other[1]))
            if isinstance(loss, Exception) or not np.isfinite(loss):
                continue
            if abs(loss - base) > 1e-3 * abs(loss) or not np.isfinite(base):
                trainee.restore()
                return [
                    study.finding(
                        "dtype-hazard",
                        [name],
                        verified=True,
                        evidence={
                            "dtype": str(narrow[0].dtype),
                            "loss": base,
                            f"loss as {np.dtype(wide)}": loss,
                            "range": [float(narrow[0].min()), float(narrow[0].max())],
                        },
                        detail=f"{name} is {narrow[0].dtype}: the loss is {base:.5g}, with the "
                        f"same numbers as {np.dtype(wide)} "
                        f"{loss:.5g}: some arithmetic wraps or rounds",
                        fix=f"{name} = {name}.astype(np.float64)    # before any arithmetic",
                        **_where(study, batch),
                    )
                ]
    trainee.restore()
    return []


def _widened(array: np.ndarray, dtype: Any) -> np.ndarray:
    return array.astype(np.float64 if array.dtype.kind == "f" else dtype)


def _where(study: Study, batch: tuple[Any, Any]) -> dict[str, Any]:
    """The first line that computes with a narrow type."""
    trainee = study.trainee
    trainee.restore()
    result = trainee.try_(lambda: watch(lambda: trainee.loss(*batch), paths_of(trainee.subject)))
    trainee.restore()
    if isinstance(result, Exception):
        return {}
    given = arrays_of(batch)
    for moment in result[1]:
        narrow = moment.value.dtype.kind in "iu" and moment.value.dtype.itemsize < 8
        if narrow and not any(
            g.shape == moment.value.shape and np.array_equal(g, moment.value) for g in given
        ):
            return {"file": moment.file, "line": moment.line}
    return {}


# ------------------------------------------------------------ NaN


def not_a_number(study: Study) -> list[Finding]:
    """NaN in loss or weights although the numbers before were moderate: the operation that made it."""
    trainee, course = study.trainee, study.course
    if course.finite or course.error is not None:
        return []
    sizes = [
        float(np.linalg.norm(course.last[w.name])) / max(float(np.linalg.norm(course.start[w.name])), 1e-2)
        for w in trainee.weights
    ]
    growing = [s for s in sizes if np.isfinite(s) and s > 30]
    earlier = [v for v in course.losses[:-1] if np.isfinite(v)]
    leaps = [r for ratios in course.ratios.values() for r in ratios if np.isfinite(r) and r > 3]
    diverged = (
        bool(growing)
        or (bool(leaps) and len(leaps) > 1)
        or (bool(earlier) and earlier[-1] > 20 * abs(earlier[0]) + 10)
    )
    if course.failed_at > 0 and diverged:
        return []  # growth without bound: said by the experiments on gradients and on the size of steps
    place = _first_broken(study)
    warned = [w for w in course.warned if "underflow" not in w[0]]
    if not warned and place is None:
        return []
    message, file, line = warned[0] if warned else ("", "", 0)
    where = place or {}
    if file and not where:
        where = {"file": file, "line": line}
    return [
        study.finding(
            "dtype-hazard",
            [],
            verified=bool(warned) or place is not None,
            evidence={
                "step": course.failed_at,
                "NumPy says": message,
                "loss": course.losses[-1] if course.losses else None,
            },
            detail=f"at step {course.failed_at} the loss or a weight is no number"
            + (f"; NumPy: {message} in line {line}" if message else ""),
            fix=_REPAIRS.get(next((k for k in _REPAIRS if k in message), ""), ""),
            **where,
        )
    ]


_REPAIRS = {
    "in log": "log_p = z - z.max() - log(sum(exp(z - z.max())))    # never the log of a number that may be 0",
    "in exp": "z = z - z.max(axis=-1, keepdims=True)    # before exp",
    "in divide": "x / (np.sqrt(variance) + 1e-8)    # never divide by what may be 0",
    "in sqrt": "np.sqrt(np.maximum(v, 0) + eps)",
}


def _first_broken(study: Study) -> dict[str, Any] | None:
    """The first array of the failing step that is not finite."""
    trainee, course = study.trainee, study.course
    trainee.restore()
    if course.failed_at:
        run_course(trainee, course.failed_at, keep=False)
    trainee.draw = course.failed_at
    batch = trainee.batch(course.failed_at)
    result = trainee.try_(lambda: watch(lambda: trainee.step(*batch), paths_of(trainee.subject)))
    trainee.draw = 0
    trainee.restore()
    if isinstance(result, Exception):
        return None
    for moment in result[1]:
        if moment.value.dtype.kind == "f" and moment.value.size and not np.all(np.isfinite(moment.value)):
            return {"file": moment.file, "line": moment.line, "where": moment.owner}
    return None
