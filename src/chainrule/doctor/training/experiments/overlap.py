"""evaluation-on-training-data: rows of the evaluation data that stand in the training data."""

from __future__ import annotations

import numpy as np

from ...report import Finding
from ..batches import rows_of
from ..study import Study

NOISE = 1e-5  # relative to a column's spread: float32 and back
SHARE, CHANCE = 0.03, 3.0


def overlap(study: Study) -> list[Finding]:
    """Counts the rows that both have, against the repetitions within the training data itself."""
    if not (isinstance(study.evaluation, (tuple, list)) and len(study.evaluation) >= 1):
        return []
    axis = study.trainee.axis
    train, test = rows_of(study.trainee.whole_x, axis), rows_of(study.evaluation[0], axis)
    if train is None or test is None or train.shape[1] != test.shape[1] or not len(test):
        return []
    train, test = _scaled(train, train), _scaled(test, train)
    hits = _found_in(test, train)
    share = float(np.mean(hits >= 0))
    repeated = _repeated(train)
    if share <= SHARE or np.sum(hits >= 0) < 2:
        return []
    if share <= CHANCE * repeated and not _in_order(hits, repeated):
        study.not_tested.append(
            f"evaluation-on-training-data: {share:.0%} of the evaluation rows are training rows, "
            f"but {repeated:.0%} of "
            "the training rows occur several times themselves"
        )
        return []
    first = int(np.flatnonzero(hits >= 0)[0])
    return [
        study.finding(
            "evaluation-on-training-data",
            ["x"],
            verified=True,
            evidence={
                "rows found": int(np.sum(hits >= 0)),
                "of": len(test),
                "repeated within training": repeated,
            },
            detail=f"{np.sum(hits >= 0)} of {len(test)} evaluation rows are rows of the training "
            f"data: row {first} is "
            f"training row {int(hits[first])}; within the training data {repeated:.0%} occur twice",
        )
    ]


def _scaled(rows: np.ndarray, like: np.ndarray) -> np.ndarray:
    spread = like.std(0)
    result: np.ndarray = rows / np.where(spread > 0, spread, np.maximum(np.abs(like).max(0), 1))
    return result


def _found_in(rows: np.ndarray, among: np.ndarray) -> np.ndarray:
    """For each row the number of an equal one among others, -1 where there is none."""
    found = np.full(len(rows), -1)
    # sorted along a random direction, equal rows stand side by side
    direction = np.random.default_rng(41).normal(size=rows.shape[1]) / np.sqrt(rows.shape[1])
    keys = among @ direction
    order = np.argsort(keys)
    ours = rows @ direction
    slack = NOISE * np.sqrt(rows.shape[1]) * 4
    low, high = (
        np.searchsorted(keys[order], ours - slack),
        np.searchsorted(keys[order], ours + slack, side="right"),
    )
    for i, (a, b) in enumerate(zip(low, high, strict=True)):
        for j in order[a : min(b, a + 200)]:
            if np.all(np.abs(among[j] - rows[i]) <= NOISE):
                found[i] = j
                break
    return found


def _repeated(rows: np.ndarray) -> float:
    """The share of rows that occur elsewhere in the same data."""
    keys = np.round(rows / (10 * NOISE)).astype(np.int64)
    _, inverse, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    return float(np.mean(counts[inverse.reshape(-1)] > 1))


def _in_order(hits: np.ndarray, repeated: float) -> bool:
    """Rows that repeat anyway, but here one after the other as in the training data."""
    following = np.mean((np.diff(hits) == 1) & (hits[:-1] >= 0)) if len(hits) > 1 else 0.0
    return bool(len(hits) >= 8 and following > 0.9 and repeated < 1)
