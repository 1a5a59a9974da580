"""update-disagrees: the learning rate is multiplied twice, in the velocity and again in the step."""

from __future__ import annotations

import numpy as np

from ...report import Finding
from ..held import held_steps
from ..study import Study

TOLERANCE = 1e-3


def squared_rate(study: Study) -> list[Finding]:
    """Steps from the same start at the rate and at twice the rate. Every optimizer's are at most twice as
    long; four times as long are those that have the rate in them twice.
    """
    trainee = study.trainee
    if not trainee.can_change_rate or not trainee.rate:
        return []
    held = [held_steps(trainee, trainee.batch(0), 1, k * trainee.rate) for k in (1, 2, 3)]
    lengths = [{w.name: float(np.linalg.norm(h.steps[0][w.name])) for w in trainee.weights} for h in held]
    names = [
        n
        for n, size in lengths[0].items()
        if size > 0
        and all(abs(more[n] / size - k**2) < TOLERANCE * k**2 for k, more in enumerate(lengths[1:], 2))
    ]
    if not names or len(names) < len([n for n, size in lengths[0].items() if size > 0]):
        return []
    return [
        study.finding(
            "update-disagrees",
            names,
            verified=True,
            evidence={"ratio": trainee.rate, "step at twice the rate": 4.0, "at three times the rate": 9.0},
            detail="at twice the learning rate the steps are 4 times as long, at three times 9 times: the "
            f"rate is multiplied twice, and steps are {trainee.rate:.3g} times what the gradient asks for",
            **study.place_of_update(),
            fix="v = mu * v - lr * dW; W += v    # the rate once",
        )
    ]
