"""adam-bias-correction-wrong, inside of a model's own step: steps under a gradient that is held constant."""

from __future__ import annotations

import numpy as np

from ...report import Finding
from ..families import right, wrong_adam
from ..sequences import is_uniform, read_betas
from ..study import Study


def adam(study: Study) -> list[Finding]:
    trainee = study.trainee
    if not trainee.rate:
        return []
    sequences = {}
    for weight in trainee.weights:
        steps = [np.abs(step[weight.name]) / trainee.rate for step in study.held.steps]
        if is_uniform(steps[0]):
            sequences[weight.name] = np.array(
                [float(np.median(s[s > 0])) if np.any(s > 0) else 0.0 for s in steps]
            )
    betas = read_betas([*trainee.roots.values()])
    wrong = {}
    for name, sequence in sequences.items():
        if not right(sequence, betas is not None):
            match = wrong_adam(sequence, betas)
            if match is not None:
                wrong[name] = match
    if not wrong:
        return []
    name = next(iter(wrong))
    shown = ", ".join(f"{v:.3g}" for v in sequences[name][:4])
    return [
        study.finding(
            "adam-bias-correction-wrong",
            list(wrong),
            verified=True,
            evidence={n: [round(float(v), 4) for v in sequences[n]] for n in wrong},
            detail=f"under a constant gradient the steps of {name} are {shown}, ... learning "
            f"rates long instead of "
            f"1, 1, 1, ...: {wrong[name].words}",
            **study.place_of_update(wrong[name].words),
        )
    ]
