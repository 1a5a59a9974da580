"""Why the update of a step is not the slope of its loss: a sign, a count, weight decay, clipping."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..report import Finding
from .held import Held, held_steps
from .slopes import gradient_along
from .study import Study
from .weights import Weight

TOLERANCE = 1e-3


@dataclass
class Compared:
    """Elements of one weight: as the update has them, and numerical."""

    weight: Weight
    update: np.ndarray
    numeric: np.ndarray
    value: np.ndarray  # the weight itself

    @property
    def scale(self) -> float:
        return max(
            float(np.abs(self.numeric).max(initial=0)), float(np.abs(self.update).max(initial=0)), 1e-12
        )

    def ratio(self) -> float | None:
        """update = ratio * numeric, where that holds."""
        square = float(np.vdot(self.numeric, self.numeric))
        if not square:
            return None
        found = float(np.vdot(self.update, self.numeric)) / square
        fits = np.abs(self.update - found * self.numeric).max() <= 5 * TOLERANCE * max(
            self.scale, abs(found) * self.scale
        )
        return found if fits and found else None


def explain(study: Study, wrong: list[Compared], held: Held, rate: float) -> list[Finding]:
    ratios = {c.weight.name: c.ratio() for c in wrong}
    names = [c.weight.name for c in wrong]
    values = [r for r in ratios.values() if r is not None]
    if len(values) == len(wrong) and max(values) - min(values) <= 0.02 * max(map(abs, values)):
        return [_one_factor(study, names, float(np.median(values)), held, rate)]
    for cause in (_decay, _clipped):
        finding = cause(study, wrong)
        if finding is not None:
            return [finding]
    found = [_one_factor(study, [n], r, held, rate) for n, r in ratios.items() if r is not None]
    rest = [n for n, r in ratios.items() if r is None]
    if rest:
        worst = max((c for c in wrong if c.weight.name in rest), key=lambda c: c.scale)
        found.append(
            study.finding(
                "gradient-mismatch",
                rest,
                evidence={
                    "largest difference": float(np.abs(worst.update - worst.numeric).max()),
                    "largest slope": worst.scale,
                },
                detail=f"the update of {worst.weight.name} is not the slope of the loss that the "
                f"step returns",
            )
        )
    return found


def _one_factor(study: Study, names: list[str], ratio: float, held: Held, rate: float) -> Finding:
    """update = ratio * gradient: a sign, a count, or another factor; in the optimizer or in the gradient."""
    trainee = study.trainee
    slots = [held.slots[n] * ratio for n in names if n in held.slots]
    steps = [-held.steps[0][n] / rate for n in names if n in held.slots]
    of_step = bool(slots) and all(
        np.allclose(a, b, rtol=1e-2, atol=1e-9) for a, b in zip(slots, steps, strict=True)
    )
    evidence = {"update / gradient": ratio}
    if abs(ratio + 1) < 0.02:
        return study.finding(
            "update-disagrees",
            names,
            verified=True,
            evidence=evidence,
            detail="the update is the gradient itself: the step goes uphill",
        )
    count = _count(study, ratio)
    if count is not None and not of_step:
        half = trainee.part(np.arange(trainee.samples // 2))
        other = held_steps(trainee, half, 1, rate=rate).steps[0][names[0]] if trainee.samples > 3 else None
        weight = next(w for w in trainee.weights if w.name == names[0])
        pairs = gradient_along(trainee, weight, half, 3) if other is not None else []
        square = sum(s.value**2 for _, s in pairs)
        then = (
            sum(-float(np.vdot(u, other)) / rate * s.value for u, s in pairs) / square
            if square and other is not None
            else 0.0
        )
        trainee.restore()
        return study.finding(
            "mean-sum-mismatch",
            names,
            verified=True,
            evidence={**evidence, "with half of the samples": then},
            detail=f"the update is {ratio:.4g} times the slope of the loss that the step returns, "
            f"{count}; with half of the "
            f"samples {then:.4g} times",
        )
    return study.finding(
        "update-disagrees",
        names,
        verified=True,
        evidence=evidence,
        detail=f"the step is {ratio:.4g} times learning rate x gradient",
    )


def _count(study: Study, ratio: float) -> str | None:
    """The count that a factor fits, in words."""
    trainee = study.trainee
    shape = np.shape(trainee.target)
    counts: dict[str, float] = {"the number of samples": trainee.samples, "2": 2}
    for i, n in enumerate(shape[1:], 1):
        counts[f"the size of the targets' axis {i}"] = n
    counts["the number of targets"] = float(np.prod(shape)) if shape else 1
    output = study.first_output
    if output is not None:
        counts["the number of outputs"] = output.size
        counts["the number of classes"] = output.shape[-1]
    every = dict(counts)
    for name, value in counts.items():
        every[f"2 x {name}"] = 2 * value
        every[f"half of {name}"] = value / 2
    for name, value in every.items():
        if value > 1:
            if abs(ratio / value - 1) < 0.01:
                return f"{name} ({value:g})"
            if abs(ratio * value - 1) < 0.01:
                return f"1 / {name} (1/{value:g})"
    return None


def _decay(study: Study, wrong: list[Compared]) -> Finding | None:
    """update - gradient = factor * weight."""
    factors = []
    for c in wrong:
        rest = c.update - c.numeric
        square = float(np.vdot(c.value, c.value))
        if not square:
            return None
        factor = float(np.vdot(rest, c.value)) / square
        if np.abs(rest - factor * c.value).max() > 5 * TOLERANCE * c.scale:
            return None
        factors.append(factor)
    return study.finding(
        "regularization-in-gradient",
        [c.weight.name for c in wrong],
        verified=True,
        evidence={"factor": factors[0]},
        detail=f"the update is the gradient plus {factors[0]:.4g} times the weight, of which the "
        f"returned loss knows nothing",
    )


def _clipped(study: Study, wrong: list[Compared]) -> Finding | None:
    """update = clip(gradient, -c, c)."""
    limit = max(float(np.abs(c.update).max()) for c in wrong)
    for c in wrong:
        if np.abs(np.clip(c.numeric, -limit, limit) - c.update).max() > 5 * TOLERANCE * c.scale:
            return None
    return study.finding(
        "clipped-in-backward",
        [c.weight.name for c in wrong],
        verified=True,
        evidence={"limit": limit},
        detail=f"the update is the gradient clipped at {limit:.4g}",
    )
