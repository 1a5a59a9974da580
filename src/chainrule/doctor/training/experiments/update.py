"""update-disagrees: is the step that was taken the step that the gradient asks for?

The slope of the loss along the step itself, taken numerically, has a sign: uphill is wrong for every
optimizer that starts with an empty memory. Where the step is the same at each repetition (plain descent) and
proportional to the gradient, the factor between them is the learning rate, or something is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...report import Finding
from ..held import Held, held_steps
from ..sequences import is_uniform
from ..slopes import gradient_along, gradient_norm, slope
from ..study import Study
from ..weights import Weight
from .squared_rate import squared_rate

UPHILL = 0.2  # the cosine between step and gradient from which a step counts as uphill
FACTOR = 0.04  # how far the factor may be from 1
BATCHES = 3


def update(study: Study) -> list[Finding]:
    uphill = {w.name: c for w in study.trainee.weights if (c := _uphill(study, w)) is not None}
    if uphill:
        return [_wrong_sign(study, uphill)]
    finding = _scale(study)
    return [finding] if finding else squared_rate(study)


# ------------------------------------------------------------ sign


def _uphill(study: Study, weight: Weight) -> float | None:
    """The cosine of step and gradient where it is uphill on several batches, None where it is not."""
    trainee = study.trainee
    cosines = []
    for i in range(BATCHES):
        batch = trainee.batch(i)
        held = study.held if i == 0 else held_steps(trainee, batch, 1)
        step = held.steps[0][weight.name]
        size = float(np.linalg.norm(step))
        if not size or not np.isfinite(size):
            return None
        along = slope(trainee, {weight.name: step}, batch)
        if along.value <= 0:
            return None
        norm = gradient_norm(trainee, weight, batch)
        cosines.append(along.value / (size * norm) if norm else 0.0)
    return float(np.mean(cosines)) if min(cosines) > UPHILL else None


def _wrong_sign(study: Study, uphill: dict[str, float]) -> Finding:
    trainee = study.trainee
    batch = trainee.batch(0)
    names = list(uphill)
    small = {n: 0.1 * study.held.steps[0][n] for n in names}
    start = study.held.start
    base = trainee.loss_at({}, batch)
    there = trainee.loss_at({n: start[n] + small[n] for n in names}, batch)
    back = trainee.loss_at({n: start[n] - small[n] for n in names}, batch)
    trainee.restore()
    slots = study.held.slots
    flipped = [n for n in names if n in slots and float(np.vdot(slots[n], study.held.steps[0][n])) < 0]
    code = "sign-flipped" if len(flipped) == len(names) else "update-disagrees"
    return study.finding(
        code,
        names,
        verified=back < base and code == "update-disagrees",  # a flipped gradient would have to be -n
        evidence={"ratio": -1.0, "loss": base, "after a tenth of the step": there, "the other way": back},
        detail=f"along the step the loss rises from {base:.6g} to {there:.6g}, the other way it "
        f"falls to {back:.6g}",
        fix="W -= lr * dW    # against the gradient" if code == "update-disagrees" else "",
        **study.place_of_update(),
    )


# ------------------------------------------------------------ scale


@dataclass(frozen=True)
class Factor:
    """step = -value * rate * gradient - decay * rate * weight. by_slot: the gradient is what backward left,
    otherwise the numerical one.
    """

    value: float
    by_slot: bool
    steady: bool


def _scale(study: Study) -> Finding | None:
    trainee = study.trainee
    if trainee.rate is None or not trainee.rate:
        return None
    factors = {
        w.name: f
        for w in trainee.weights
        if (f := factor(study, w, study.held, trainee.batch(0))) is not None
    }
    off = {n: f for n, f in factors.items() if abs(f.value - 1) > FACTOR}
    if not off or _only_biases(study, off, factors) or not all(_steady(study, n, f) for n, f in off.items()):
        return None
    value = float(np.median([f.value for f in off.values()]))
    words = _reason(study, next(iter(off)), value)
    if words is None and not any(f.by_slot for f in off.values()):
        study.not_tested.append(
            f"the gradient is {value:.4g} times the slope of the loss that the step returns: "
            "chainrule.check(model, x) tells whether that is meant"
        )
        return None
    return study.finding(
        "update-disagrees",
        list(off),
        verified=True,
        evidence={"ratio": value, **{n: f.value for n, f in off.items()}},
        detail=f"the step is {value:.4g} times learning rate x gradient, on every batch"
        + (f"; {words}" if words else ""),
        **study.place_of_update(),
    )


def factor(study: Study, weight: Weight, held: Held, batch: tuple[Any, Any]) -> Factor | None:
    """By what the step differs from rate * gradient; None where it is not proportional to the gradient."""
    trainee = study.trainee
    if not held.is_constant(weight.name) or not trainee.rate:
        return None
    wanted = -held.steps[0][weight.name] / trainee.rate
    if is_uniform(np.abs(wanted)) and abs(float(np.median(np.abs(wanted))) - 1) < FACTOR:
        return None  # steps of the learning rate, whatever the gradient is: Adam
    slot = held.slots.get(weight.name)
    largest = max((float(np.abs(g).max()) for g in held.slots.values()), default=0.0)
    if slot is not None and float(np.abs(slot).max()) < max(1e-9 * largest, 1e-13):
        return None  # rounding
    if slot is not None:
        fitted = _fit(wanted.ravel(), slot.ravel(), held.start[weight.name].ravel())
        if fitted is not None:
            return Factor(fitted, True, True)
    pairs = [(u, s) for u, s in gradient_along(trainee, weight, batch, 6) if s.sure]
    if len(pairs) < 4:
        return None
    fitted = _fit(
        np.array([float(np.vdot(wanted, u)) for u, _ in pairs]),
        np.array([s.value for _, s in pairs]),
        np.array([float(np.vdot(held.start[weight.name], u)) for u, _ in pairs]),
        0.01,
    )
    return None if fitted is None else Factor(fitted, False, True)


def _fit(
    wanted: np.ndarray, gradient: np.ndarray, weight: np.ndarray, tolerance: float = 1e-4
) -> float | None:
    """c in wanted = c * gradient + d * weight, where that holds."""
    size = float(np.linalg.norm(wanted))
    if not size or not np.any(gradient):
        return None
    # a value for the decay only where it is needed: with few numbers two unknowns fit anything
    for columns in ([gradient], [gradient, weight]):
        matrix = np.stack(columns, 1)
        if len(columns) > 1 and (len(wanted) < 5 or not np.any(weight)):
            continue
        found, *_ = np.linalg.lstsq(matrix, wanted, rcond=None)
        if float(np.linalg.norm(matrix @ found - wanted)) <= tolerance * size:
            return float(found[0])
    return None


def _only_biases(study: Study, off: dict[str, Factor], factors: dict[str, Factor]) -> bool:
    """Twice the rate for biases is a convention."""
    sizes = {w.name: np.ndim(w.get()) for w in (*study.trainee.weights, *study.trainee.unmoved)}
    others = len(off) < len(factors) or any(size > 1 for n, size in sizes.items() if n not in off)
    return others and all(sizes[n] <= 1 and 0.1 <= f.value <= 10 for n, f in off.items())


def _steady(study: Study, name: str, before: Factor) -> bool:
    """The same factor on other batches: clipping and normalized steps change it."""
    trainee = study.trainee
    weight = next(w for w in trainee.weights if w.name == name)
    half = trainee.samples // 2
    several = trainee.samples >= 2 * trainee.size
    # with one batch for all: its halves, of one size, so that a factor of the size cancels
    batches = (
        [trainee.batch(1), trainee.batch(2)]
        if several
        else [
            trainee.part(np.arange(half)),
            trainee.part(np.arange(half, 2 * half)),
        ]
    )
    values = [before.value] if several else []
    for batch in batches:
        other = factor(study, weight, held_steps(trainee, batch, 2), batch)
        if other is None:
            return False
        values.append(other.value)
    return max(values) - min(values) <= 0.03 * abs(values[0])


def _reason(study: Study, name: str, value: float) -> str | None:
    """What the factor follows: the size of the batch, or the learning rate."""
    trainee = study.trainee
    weight = next(w for w in trainee.weights if w.name == name)
    half = trainee.part(np.arange(max(1, trainee.size // 2)))
    size = len(np.arange(max(1, trainee.size // 2)))
    other = factor(study, weight, held_steps(trainee, half, 2), half)
    if other is not None and abs(other.value * size / (value * trainee.size) - 1) < 0.05:
        return (
            f"with half of the batch it is {other.value:.4g}: it is divided by the batch size once too often"
        )
    if other is not None and abs(other.value * trainee.size / (value * size) - 1) < 0.05:
        return f"with half of the batch it is {other.value:.4g}: it grows with the batch size"
    if trainee.can_change_rate and trainee.rate:
        held = held_steps(trainee, trainee.batch(0), 2, rate=trainee.rate / 2)
        ratio = float(np.linalg.norm(held.steps[0][name])) / max(
            float(np.linalg.norm(study.held.steps[0][name])), 1e-300
        )
        if abs(ratio - 0.25) < 0.02:
            return "with half of the learning rate the step is a quarter: the learning rate is applied twice"
    if abs(value * trainee.size - 1) < FACTOR or abs(value * size - 1) < FACTOR:
        return f"that is 1 / {trainee.size}, the size of a batch"
    if abs(value - 2) < FACTOR:
        return "the step is applied twice"
    return None
