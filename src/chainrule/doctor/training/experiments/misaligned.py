"""labels-misaligned: inputs and labels shuffled apart.

Neighbours in x should have the same label more often than strangers. Where they do not, the data may be plain
hard; what proves a misalignment is an order in which they do: the labels shifted by some rows, the evaluation
data, or groups of inputs that are as many and as large as the classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...report import Finding
from ..batches import rows_of
from ..labels import Labels
from ..study import Study

MOST = 500  # rows that are compared
SURE, SHIFTED = 3.5, 4.6  # standard deviations: in the evaluation data; for the best of all shifts


def misaligned(study: Study) -> list[Finding]:
    labels, trainee = study.labels, study.trainee
    rows = rows_of(trainee.x, trainee.axis)
    if (
        labels is None
        or rows is None
        or not labels.per_sample
        or len(rows) != len(labels.ids)
        or len(rows) < 20
    ):
        return []
    if len(np.unique(labels.ids)) < 2:
        return []
    ids = labels.ids[:MOST]
    views = [standardized(view[:MOST]) for view in (rows, counted(trainee.x)) if view is not None]
    agreements = [agreement(view, ids) for view in views]
    here = max(agreements, key=lambda a: a.score)
    if here.score > 3.0:
        return []
    proof = None
    for view in views:
        proof = proof or _shifted(view, ids) or _grouped(view, ids)
    proof = proof or _evaluated(study, here)
    if proof is None:
        if abs(here.score) < 3 and study.course.finite and _at_chance(study, labels):
            study.not_tested.append(
                "labels-misaligned: neighbours in x share labels no more often than strangers; "
                "nothing shows whether "
                "the labels are in another order or just hard to tell"
            )
        return []
    words, evidence = proof
    return [
        study.finding(
            "labels-misaligned",
            ["target"],
            verified=True,
            evidence={
                "nearest neighbours with the same label": here.share,
                "by chance": here.chance,
                **evidence,
            },
            detail=f"as given, {here.share:.0%} of the nearest neighbours share their label, by "
            f"chance it would be "
            f"{here.chance:.0%}; {words}",
        )
    ]


class Agreement:
    """How often nearest neighbours share a label. score: in standard deviations above chance."""

    def __init__(self, same: np.ndarray, ids: np.ndarray) -> None:
        shares = np.bincount(ids) / len(ids)
        self.share, self.chance = float(np.mean(same)), float((shares**2).sum())
        # neighbours are often mutual, so that two samples count for one
        self.score = (self.share - self.chance) / max(
            np.sqrt(2 * self.chance * (1 - self.chance) / len(ids)), 1e-9
        )


def agreement(rows: np.ndarray, ids: np.ndarray, near: np.ndarray | None = None) -> Agreement:
    near = neighbours(rows) if near is None else near
    return Agreement(np.mean(ids[near] == ids[:, None], axis=1), ids)


def standardized(rows: np.ndarray) -> np.ndarray:
    spread = rows.std(0)
    result: np.ndarray = (rows - rows.mean(0)) / np.where(spread > 0, spread, 1)
    return result


def counted(x: Any) -> np.ndarray | None:
    """Sequences of whole numbers (words): how often each occurs, because their numbers are only names."""
    if (
        not isinstance(x, np.ndarray)
        or x.dtype.kind not in "iu"
        or x.ndim != 2
        or x.min() < 0
        or x.max() > 5000
    ):
        return None
    table = np.zeros((len(x), int(x.max()) + 1))
    np.add.at(table, (np.arange(len(x))[:, None], x), 1)
    return table


def neighbours(rows: np.ndarray, count: int = 3) -> np.ndarray:
    """The numbers of each row's nearest other rows, (rows, count)."""
    squares = (rows**2).sum(1)
    distances = squares[:, None] + squares[None] - 2 * rows @ rows.T
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1)[:, : min(count, len(rows) - 1)]


def _shifted(rows: np.ndarray, ids: np.ndarray) -> tuple[str, dict[str, Any]] | None:
    """Labels that fit when they are moved by some rows, or read backwards."""
    near = neighbours(rows)
    every = [agreement(rows, np.roll(ids, k), near) for k in range(1, len(ids))]
    scores = np.array([a.score for a in every])
    best = int(scores.argmax())
    backwards = agreement(rows, ids[::-1], near)
    if backwards.score > max(scores[best], SHIFTED):
        return f"with the labels read backwards {backwards.share:.0%}", {"backwards": backwards.share}
    far = np.abs(np.arange(len(scores)) - best) > 1
    if scores[best] < SHIFTED or (far.any() and scores[far].max() > scores[best] - 1):
        return None
    shift = best + 1 if best + 1 <= len(ids) // 2 else best + 1 - len(ids)
    share = every[best].share
    return f"with the labels moved by {shift} rows {share:.0%}", {"shift": shift, "share then": share}


def _grouped(rows: np.ndarray, ids: np.ndarray) -> tuple[str, dict[str, Any]] | None:
    """Inputs in clear groups, as many and as large as the classes, of which the labels know nothing."""
    sizes = np.sort(np.bincount(ids)[np.bincount(ids) > 0])
    classes = len(sizes)
    groups, tightness = group(rows, classes)
    if groups is None:
        return None
    found = np.sort(np.bincount(groups, minlength=classes))
    off = float(np.abs(found - sizes).sum()) / (2 * len(ids))
    null = group(_scrambled(rows), classes)[1]
    if tightness > 0.25 and tightness > 2 * max(null, 0.05) and off < 0.1:
        words = f"the inputs fall into {classes} groups of {', '.join(map(str, found))}, "
        words += f"the labels into {', '.join(map(str, sizes))}"
        return words + ", and they have nothing to do with each other", {
            "groups": found.tolist(),
            "classes": sizes.tolist(),
            "silhouette": tightness,
        }
    return None


def group(rows: np.ndarray, count: int) -> tuple[np.ndarray | None, float]:
    """k-means from several starts: the groups, and their mean silhouette."""
    rng = np.random.default_rng(43)
    best: tuple[float, np.ndarray] | None = None
    for _ in range(8):
        centers = rows[[rng.integers(len(rows))]]
        while len(centers) < count:  # each next one far from those before (Arthur and Vassilvitskii 2007)
            distances = ((rows[:, None] - centers[None]) ** 2).sum(2).min(1)
            total = distances.sum()
            if total == 0:
                return None, 0.0
            centers = np.concatenate([centers, rows[[rng.choice(len(rows), p=distances / total)]]])
        for _ in range(25):
            groups = ((rows[:, None] - centers[None]) ** 2).sum(2).argmin(1)
            centers = np.stack(
                [rows[groups == k].mean(0) if np.any(groups == k) else centers[k] for k in range(count)]
            )
        cost = float(((rows - centers[groups]) ** 2).sum())
        if best is None or cost < best[0]:
            best = cost, groups
    assert best is not None
    return best[1], silhouette(rows, best[1])


def silhouette(rows: np.ndarray, groups: np.ndarray) -> float:
    """How much nearer the own group is than the next one, from -1 to 1 (Rousseeuw 1987)."""
    distances = np.sqrt(np.maximum(((rows[:, None] - rows[None]) ** 2).sum(2), 0))
    kinds = np.unique(groups)
    if len(kinds) < 2:
        return 0.0
    means = np.stack([distances[:, groups == k].sum(1) / max(1, np.sum(groups == k)) for k in kinds], 1)
    own = np.searchsorted(kinds, groups)
    counts = np.array([np.sum(groups == k) for k in kinds])[own]
    inside = means[np.arange(len(rows)), own] * counts / np.maximum(counts - 1, 1)
    means[np.arange(len(rows)), own] = np.inf
    outside = means.min(1)
    return float(np.mean((outside - inside) / np.maximum(np.maximum(inside, outside), 1e-12)))


def _scrambled(rows: np.ndarray) -> np.ndarray:
    """Every column in an order of its own: the same spreads without groups."""
    return np.random.default_rng(47).permuted(rows, axis=0)


def _evaluated(study: Study, here: Agreement) -> tuple[str, dict[str, Any]] | None:
    """In the evaluation data neighbours do share labels."""
    if here.score > 1.5 or not (isinstance(study.evaluation, (tuple, list)) and len(study.evaluation) == 2):
        return None
    x, target = study.evaluation
    study.trainee.restore()
    theirs = study.labels_of(target, study.answer(x))
    study.trainee.restore()
    views = [v for v in (rows_of(x, study.trainee.axis), counted(x)) if v is not None]
    for view in views:
        if theirs is None or len(view) != len(theirs.ids) or len(view) < 15:
            continue
        there = agreement(standardized(view[:MOST]), theirs.ids[:MOST])
        if there.score > SURE:
            return f"in the evaluation data {there.share:.0%} do", {"in the evaluation data": there.share}
    return None


def _at_chance(study: Study, labels: Labels) -> bool:
    accuracy = study.accuracy(study.last_output)
    return accuracy is not None and accuracy < float(labels.shares.max()) + 0.1
