"""A whole model of which only step(x, target, learning_rate) is known: is its update the loss's gradient?

At a tiny learning rate the update is the gradient, whatever lies between. It is compared with the numerical
slope of the loss that the step returns, weight by weight.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..quiet import quietly
from ..report import Finding
from .causes import TOLERANCE, Compared, explain
from .course import run_course
from .discovery import discover
from .experiments.adam import adam
from .experiments.frozen import frozen
from .held import Held, held_steps
from .sequences import is_uniform
from .slopes import element_gradient, gradient_along
from .study import Study
from .trainee import Trainee
from .weights import Weight

TINY_RATE = 1e-6


def check_step(
    subject: Any,
    x: Any,
    target: Any,
    learning_rate: float | None = None,
    *,
    step: Any = None,
    params: Any = None,
    notes: list[str] | None = None,
) -> list[Finding]:
    """Compares the update of a model's own step with the slope of the loss that it returns.

    Finds `update-disagrees` (sign, scale, not applied), `mean-sum-mismatch`, `parameter-not-updated`,
    `rows-not-updated`, `regularization-in-gradient`, `clipped-in-backward`, `updates-weights-early` and
    `gradient-mismatch`. The weights are found by what moves and by what changes the loss. notes: what could
    not be tested is added here. Raises what the step itself raises.
    """
    notes = [] if notes is None else notes
    with quietly():
        trainee = Trainee(
            subject, x, target, step=step, learning_rate=learning_rate, params=params, batch_size=1_000_000
        )
        try:
            discover(trainee)
            course = run_course(trainee, 3)
            trainee.restore_to(trainee.first)
            study = Study(trainee, course, None, 3, notes)
            found = frozen(study)
            if any(f.code == "update-disagrees" for f in found):
                return found
            return found + adam(study) + compare(study, {n for f in found for n in f.targets})
        finally:
            trainee.close()


def compare(study: Study, known: set[str]) -> list[Finding]:
    trainee = study.trainee
    batch = trainee.batch(0)
    if not trainee.rate:
        study.not_tested.append("the learning rate is not known: the size of the update was not compared")
        return []
    rate = (
        TINY_RATE
        if trainee.can_change_rate and all(w.resolution < 1e-10 for w in trainee.weights)
        else trainee.rate
    )
    held = held_steps(trainee, batch, 2, rate=rate)
    wrong: list[Compared] = []
    for weight in trainee.weights:
        step = held.steps[0][weight.name]
        if weight.name in known or not np.any(step):
            continue
        if (is_uniform(np.abs(step)) and step.size > 4) or not held.is_constant(weight.name, 1e-3):
            study.not_tested.append(
                f"{weight.name}: its step is not proportional to a gradient (momentum, Adam)"
            )
        elif not _agrees(trainee, weight, -step / rate, batch):
            index, numeric = element_gradient(trainee, weight, batch)
            compared = Compared(
                weight, (-step / rate).ravel()[index], numeric, held.start[weight.name].ravel()[index]
            )
            if float(np.abs(compared.update - compared.numeric).max()) > 5 * TOLERANCE * compared.scale:
                wrong.append(compared)
    trainee.restore()
    return explain(study, wrong, held, rate) if wrong else _early(study, held, rate)


def _agrees(trainee: Trainee, weight: Weight, gradient: np.ndarray, batch: tuple[Any, Any]) -> bool:
    pairs = gradient_along(trainee, weight, batch, 3)
    size = float(np.linalg.norm(gradient))
    loose = 1 if weight.resolution < 1e-10 else 30
    return all(
        abs(float(np.vdot(u, gradient)) - s.value) <= TOLERANCE * loose * (size + abs(s.value))
        for u, s in pairs
    )


def _early(study: Study, held: Held, rate: float) -> list[Finding]:
    """Right at a tiny learning rate: is it still at the usual one? What reads updated weights is not."""
    trainee = study.trainee
    if not trainee.rate or rate == trainee.rate:
        return []
    usual = held_steps(trainee, trainee.batch(0), 1)
    bent = []
    for weight in trainee.weights:
        tiny, full = held.steps[0][weight.name] / rate, usual.steps[0][weight.name] / trainee.rate
        size = float(np.linalg.norm(tiny))
        if size and float(np.linalg.norm(full - tiny)) > 1e-3 * size:
            bent.append(weight.name)
    if not bent or len(bent) == len(trainee.weights):
        return []  # all of them: a schedule, or clipping
    return [
        study.finding(
            "updates-weights-early",
            bent,
            verified=True,
            evidence={"learning rates": [rate, trainee.rate]},
            detail=f"at a learning rate of {rate:g} every update is the gradient, at "
            f"{trainee.rate:g} that of "
            f"{', '.join(bent[:4])} is not: weights change before their gradients are complete",
        )
    ]
