"""input-unused: the answers do not depend on the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...report import Finding
from ..batches import arrays_of, converted, is_several
from ..study import Study
from .collapse import reinitialize


def unused(study: Study) -> list[Finding]:
    """Inputs are exchanged for very different ones, all at once and position by position."""
    if study.first_output is None:
        return _by_loss(study)
    x = study.few[0]
    if not arrays_of(x):
        return []
    changes = list(_changes(x))
    if not any(
        _answers_differ(study, x, other) or _answers_differ(study, x, other, True) for other in changes
    ):
        if not any(_weights_count(study, x)):
            return []
        return [
            study.finding(
                "input-unused",
                ["x"],
                verified=True,
                evidence={"change of the answers": 0.0},
                detail=f"{len(changes)} very different inputs give the very same answers; changed "
                f"weights do not",
            )
        ]
    if is_several(x):
        return []
    return _positions(study, x)


def _by_loss(study: Study) -> list[Finding]:
    trainee = study.trainee
    x, target = trainee.batch(0)
    rng = np.random.default_rng(41)
    others = {w.name: 0.1 * rng.normal(size=np.shape(w.get())) for w in (*trainee.weights, *trainee.unmoved)}
    base = trainee.loss_at({}, (x, target))
    for weights in ({}, others):  # zeros let nothing through
        before = trainee.loss_at(weights, (x, target))
        for other in _changes(x):
            loss = trainee.try_(trainee.loss_at, weights, (other, target))
            if isinstance(loss, Exception) or loss != before:
                trainee.restore()
                return []
    trainee.restore()
    if not np.isfinite(base):
        return []
    return [
        study.finding(
            "input-unused",
            ["x"],
            verified=True,
            evidence={"change of the loss": 0.0},
            detail="very different inputs give the very same loss",
        )
    ]


def _changes(x: Any) -> Any:
    """Other inputs of the same kind: other rows, other signs, other sizes."""
    rng = np.random.default_rng(31)

    def shuffled(array: np.ndarray) -> np.ndarray:
        return rng.permutation(array.reshape(-1)).reshape(array.shape)

    def turned(array: np.ndarray) -> np.ndarray:
        if array.dtype.kind != "f":
            return array[::-1].copy()
        return (-3.0 * array + 5.0 * _size(array) * rng.normal(size=array.shape)).astype(array.dtype)

    def grown(array: np.ndarray) -> np.ndarray:
        if array.dtype.kind != "f":
            return np.full_like(array, array.max())
        return (100.0 * array + 50.0 * _size(array) * rng.normal(size=array.shape)).astype(array.dtype)

    for change in (shuffled, turned, grown):
        yield converted(x, change)


def _size(array: np.ndarray) -> float:
    return float(np.std(array)) or 1.0


def _answers_differ(study: Study, x: Any, other: Any, noisy: bool = False) -> bool:
    """noisy: with other first weights, because zeros and saturated units let nothing through."""
    trainee = study.trainee
    results = []
    for value in (x, other):
        trainee.restore()
        if noisy:
            reinitialize(study, 0.1)
        results.append(study.answer(value))
    trainee.restore()
    if results[0] is None or results[1] is None or results[0].shape != results[1].shape:
        return True
    return not np.array_equal(results[0], results[1], equal_nan=True)


def _weights_count(study: Study, x: Any) -> Any:
    trainee = study.trainee
    base = study.first_output
    assert base is not None
    for weight in trainee.weights:
        trainee.restore()
        before = study.answer(x)
        trainee.restore()
        weight.set(weight.read() + 0.1 + 0.1 * np.random.default_rng(1).normal(size=np.shape(weight.get())))
        after = study.answer(x)
        trainee.restore()
        yield before is not None and after is not None and not np.array_equal(before, after)


def _positions(study: Study, x: Any) -> list[Finding]:
    """Time steps or features that no answer depends on, where most others count."""
    if not isinstance(x, np.ndarray) or x.ndim not in (2, 3) or study.trainee.axis != 0:
        return []
    rng = np.random.default_rng(37)
    idle: dict[int, list[int]] = {}
    for axis in range(1, x.ndim):
        if not 2 <= x.shape[axis] <= 64:
            continue
        for place in range(x.shape[axis]):
            used = False
            for _ in range(2):
                other = x.copy()
                index: list[Any] = [slice(None)] * x.ndim
                index[axis] = place
                part = other[tuple(index)]
                if x.dtype.kind == "f":
                    other[tuple(index)] = part * -2 + 5 * _size(x) * rng.normal(size=part.shape)
                else:
                    other[tuple(index)] = rng.permutation(x.reshape(-1))[: part.size].reshape(part.shape)
                used = used or _answers_differ(study, x, other) or _answers_differ(study, x, other, True)
            if not used:
                idle.setdefault(axis, []).append(place)
    for axis, places in idle.items():
        if len(places) >= max(2, 0.5 * x.shape[axis]):
            return [
                study.finding(
                    "input-unused",
                    ["x"],
                    verified=True,
                    evidence={"axis": axis, "unused": places, "of": x.shape[axis]},
                    detail=f"along axis {axis} of the input, {len(places)} of {x.shape[axis]} "
                    f"positions change no answer: "
                    f"{', '.join(map(str, places[:8]))}",
                )
            ]
    return []
