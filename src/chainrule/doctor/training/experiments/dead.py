"""dead-units: units that are 0 on every sample."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from ...report import Finding
from ..stages import Stage, stages
from ..study import Study

SHARE = 0.6  # of a layer's units; up to a third is common in sound small networks
NOTABLE = 0.25  # said, but no finding
NEARLY_ALL = 0.9


def dead(study: Study) -> list[Finding]:
    """Layers most of whose units are dead after the watched run; says whether they were at the start."""
    now = dead_shares(study, trained=True)
    if not now:
        return []
    before = dead_shares(study, trained=False)
    place, (share, stage, count) = max(now.items(), key=lambda item: item[1][0])
    at_start = before.get(place, (0.0, stage, 0))[0]
    if share < SHARE or count < 2:
        if share >= NOTABLE and count > 3:
            study.not_tested.append(
                f"dead-units: {round(share * count)} of {count} units of {place} are 0 on every sample, "
                f"{round(at_start * count)} at the start; too few to be called a fault"
            )
        return []
    words = f"{round(share * count)} of {count} units of {place} are 0 on every sample"
    evidence = {"dead": share, "dead at the start": at_start, "units": count}
    if at_start >= 0.5 * share:
        words += (
            f", {round(at_start * count)} of them from the start: the first weights or biases are the cause"
        )
        verified = True
    else:
        smaller = _with_smaller_rate(study, place)
        verified = smaller is not None and smaller < 0.5 * share
        words += "; at the start they were alive"
        if verified:
            words += (
                f", and with a tenth of the learning rate {smaller:.0%} die: the learning rate is the cause"
            )
            evidence["dead with a tenth of the learning rate"] = smaller or 0.0
    return [
        study.finding(
            "dead-units",
            [],
            where=place,
            verified=verified,
            evidence=evidence,
            detail=words,
            **({"file": stage.file, "line": stage.line} if stage.file else {}),
        )
    ]


def dead_shares(study: Study, trained: bool) -> dict[str, tuple[float, Stage, int]]:
    """By place: (share of dead units, stage, units), for what a ReLU or its like puts out."""

    def look() -> list[Stage]:
        trainee = study.trainee
        index = np.arange(trainee.odd_size)
        x = trainee.part(index)[0]
        first = stages(trainee, x, len(index), every=True)
        # with quite other weights: what stays the same does not come from them (inputs, patches, masks, a
        # first state)
        for weight in (*trainee.weights, *trainee.unmoved):
            weight.set(-1.7 * weight.read() + 0.3)
        other: dict[Any, list[Stage]] = defaultdict(list)
        for stage in stages(trainee, x, len(index), every=True):
            other[stage.spot].append(stage)
        kept = []
        for stage in first:
            twins = other[stage.spot]
            twin = twins.pop(0) if twins else None
            if twin is None or not np.array_equal(twin.value, stage.value):
                kept.append(stage)
        return kept

    if trained:
        found = study.trained(look)
    else:
        study.trainee.restore()
        found = look()
        study.trainee.restore()
    silent: dict[tuple[str, int], list[tuple[np.ndarray, Stage]]] = defaultdict(list)
    for stage in found[:-1]:  # the last one is the answer
        value = stage.value
        if value.ndim < 2 or value.min() < 0 or (np.all((value == 0) | (value == 1)) and np.any(value)):
            continue
        axis = unit_axis(study, value)
        units = np.moveaxis(value, axis, 0).reshape(value.shape[axis], -1)
        silent[stage.where, len(units)].append((np.all(units == 0, axis=1), stage))
    shares: dict[str, tuple[float, Stage, int]] = {}
    for (where, count), members in silent.items():
        masks = [mask for mask, _ in members]
        # time steps share their units: dead is what is 0 at all of them; layers of one name do not
        worst = max(range(len(masks)), key=lambda i: masks[i].mean())
        always, once = float(np.mean(np.all(masks, axis=0))), float(masks[worst].mean())
        share = once if once >= NEARLY_ALL else always
        if where not in shares or share > shares[where][0]:
            shares[where] = share, members[worst][1], count
    return shares


def unit_axis(study: Study, value: np.ndarray) -> int:
    """The axis of the units: the last, or for maps the one that fits a weight."""
    if value.ndim == 2:
        return 1
    sizes = {n for w in (*study.trainee.weights, *study.trainee.unmoved) for n in np.shape(w.get())}
    order = (1, value.ndim - 1) if value.ndim == 4 else (value.ndim - 1, 1)
    return next((a for a in order if value.shape[a] in sizes), order[0])


def _with_smaller_rate(study: Study, place: str) -> float | None:
    trainee = study.trainee
    if not trainee.can_change_rate or not trainee.rate:
        return None
    course, _ = study.again(rate=trainee.rate / 10)
    if not course.finite:
        return None
    # `again` has gone back: train once more to look inside
    trainee.restore()
    for t in range(len(course.losses)):
        trainee.step(*trainee.batch(t), rate=trainee.rate / 10)
    state = trainee.remember()
    trainee.restore_to(state)
    shares = dead_shares(study, trained=False)
    trainee.restore_to(trainee.first)
    return shares[place][0] if place in shares else None
