"""symmetric-units: units that start equal and stay equal, with the control that noise sets them apart."""

from __future__ import annotations

import re

import numpy as np

from ...report import Finding
from ..study import Study

SHARE = 0.5  # of the units have a twin


def symmetric(study: Study) -> list[Finding]:
    trainee, course = study.trainee, study.course
    found: dict[str, tuple[int, int, int]] = {}
    for weight in (*trainee.weights, *trainee.unmoved):
        start, end = course.start[weight.name], course.last[weight.name]
        if start.ndim < 2 or start.shape != end.shape or weight.frozen:
            continue
        moved = not np.array_equal(start, end)
        for axis in range(start.ndim):
            twins, count = _twins(start, end, axis, moved)
            if count >= 2 and twins >= max(2, SHARE * count):
                found[weight.name] = axis, twins, count
                break
    found |= _neurons(study) if not found else {}
    if not found:
        return []
    apart = _with_noise(study, found)
    if apart is None:
        return []
    moved_names = [n for n in found if not np.array_equal(course.start[n], course.last[n])]
    names = sorted(found, key=lambda n: (n not in moved_names, list(course.start).index(n)))
    names.sort(key=lambda n: list(course.start).index(n))
    axis, twins, count = found[names[0]]
    what = f"slices along axis {axis} of {names[0]} equal" if axis >= 0 else f"units like {names[0]} equal"
    return [
        study.finding(
            "symmetric-units",
            names,
            verified=True,
            evidence={n: {"axis": a, "with a twin": t, "units": c} for n, (a, t, c) in found.items()}
            | {"loss": course.mean_loss(), "loss with noise": apart},
            detail=f"{twins} of {count} {what} another one before and after "
            f"{len(course.losses)} steps; with a little noise in the first weights they part (loss "
            f"{course.mean_loss():.4g} -> {apart:.4g})",
        )
    ]


def _neurons(study: Study) -> dict[str, tuple[int, int, int]]:
    """Units that are objects of their own: neurons.0.w, neurons.1.w. axis -1: one unit is one weight."""
    groups: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for weight in (*study.trainee.weights, *study.trainee.unmoved):
        shape = np.shape(weight.get())
        if len(shape) == 1 and shape[0] > 1 and not weight.frozen:
            groups.setdefault((re.sub(r"\d+(?=\D*$)", "#", weight.name), shape), []).append(weight.name)
    found: dict[str, tuple[int, int, int]] = {}
    for names in groups.values():
        start = np.stack([study.course.start[n] for n in names])
        end = np.stack([study.course.last[n] for n in names])
        twins, count = _twins(start, end, 0, not np.array_equal(start, end))
        if count >= 2 and twins >= max(2, SHARE * count):
            found |= dict.fromkeys(names, (-1, twins, count))
    return found


def _twins(start: np.ndarray, end: np.ndarray, axis: int, moved: bool) -> tuple[int, int]:
    """(slices that equal another one at the start and at the end, slices). Slices that never moved in a
    weight that does (inputs that are always 0) count as no twins.
    """
    first = np.moveaxis(start, axis, 0).reshape(start.shape[axis], -1)
    last = np.moveaxis(end, axis, 0).reshape(end.shape[axis], -1)
    before, scale = float(np.abs(first).max()) or 1.0, float(np.abs(last).max()) or 1.0
    twins = 0
    for i in range(len(first)):
        same = np.all(np.abs(first - first[i]) <= 1e-12 * before, axis=1) & np.all(
            np.abs(last - last[i]) <= 1e-7 * scale, axis=1
        )
        idle = moved and np.array_equal(first[i], last[i])
        twins += int(same.sum() > 1 and not idle)
    return twins, len(first)


def _with_noise(study: Study, found: dict[str, tuple[int, int, int]]) -> float | None:
    """Trains with noise in those weights: the loss reached, None where the twins stay equal all the same."""
    trainee, names = study.trainee, list(found)
    rng = np.random.default_rng(17)
    noisy: dict[str, np.ndarray] = {}

    def prepare() -> None:
        for weight in (*trainee.weights, *trainee.unmoved):
            if weight.name in names:
                value = weight.read()
                fan = max(1, value.size // value.shape[-1])
                noisy[weight.name] = value + 0.3 * rng.normal(size=value.shape) / np.sqrt(fan)
                weight.set(noisy[weight.name])

    course, _ = study.again(prepare=prepare)
    if not course.finite:
        return None
    if all(axis < 0 for axis, _, _ in found.values()):
        ends = [course.last[name] for name in names]
        return course.mean_loss() if any(not np.allclose(end, ends[0], rtol=1e-6) for end in ends) else None
    # what moves on its own, and differently for each twin, was held together by the symmetry alone
    for name in names:
        change = course.last[name] - course.start[name]
        axis = found[name][0]
        rows = np.moveaxis(change, axis, 0).reshape(change.shape[axis], -1)
        if np.any(np.abs(rows - rows[0]) > 1e-9 * max(float(np.abs(rows).max()), 1e-300)):
            return course.mean_loss()
    return None
