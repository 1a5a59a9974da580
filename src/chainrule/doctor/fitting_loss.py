"""Of which of the usual losses is it the gradient? Each is compared by slopes along random directions, up to
the constants that people leave away: the 2 of a square, the number of samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from .label_losses import LabelLoss
from .own_loss import SAME

STEP = 1e-4


class Moves(Protocol):
    """Something whose prediction can be asked for with other parameters."""

    def value(self, name: str) -> np.ndarray: ...

    def outputs(self, changes: Any) -> Mapping[str, np.ndarray]: ...


@dataclass
class Fit:
    """How what backward gives for some labels fits the losses that they may stand for."""

    loss: LabelLoss | None = None  # what to compare with
    worth: tuple[int, int, int] = (0, 0, 0)
    whole: bool = False  # whether all gradients are right
    own: LabelLoss | None = None  # what the code itself says


def best_fit(
    y: np.ndarray,
    losses: list[LabelLoss],
    factors: list[dict[str, float | None]],
    gradients: Mapping[str, np.ndarray],
    own: LabelLoss | None = None,
    *,
    upward: bool,
) -> Fit:
    """The loss of which most gradients are a known multiple. upward: they may be meant to be added."""
    best = Fit(own=own)
    for loss, known in zip(losses, factors, strict=True):
        for variant in loss.variants(y):
            count = variant.factor / np.prod([y.shape[a] for a in variant.counted])
            for sign in (1, -1):
                right = [n for n, c in known.items() if c is not None and abs(c * count * sign - 1) < SAME]
                worth = len(right), sum(gradients[n].size for n in right), sign
                if right and worth > best.worth:
                    signed = replace(variant, factor=variant.factor * (sign if upward else 1))
                    best = Fit(signed, worth, len(right) == len(known), own)
    return best


def factors_to(
    probe: Moves,
    names: list[str],
    gradients: dict[str, np.ndarray],
    losses: list[LabelLoss],
    labels: np.ndarray,
) -> list[dict[str, float | None]]:
    """For each loss and gradient the c in n = c a, None where there is no such number."""
    found: list[dict[str, float | None]] = [{} for _ in losses]
    for name in names:
        value, a = probe.value(name), gradients[name]
        ratios: list[list[float]] = [[] for _ in losses]
        for i in range(2):
            direction = np.random.default_rng([7 + i, 8_191]).normal(size=value.shape)
            h = STEP * max(1e-3, float(np.sqrt(np.mean(value**2))))
            at = {
                k: next(iter(probe.outputs({name: value + k * h * direction}).values()))
                for k in (-2, -1, 1, 2)
            }
            along = float(np.vdot(a, direction))
            for loss, several in zip(losses, ratios, strict=True):
                v = {k: loss.loss(y, labels) for k, y in at.items()}
                slope = (8 * (v[1] - v[-1]) - (v[2] - v[-2])) / (12 * h)
                if abs(along) + abs(slope) > 1e-9:
                    several.append(slope / along if along else np.inf)
        for known, several in zip(found, ratios, strict=True):
            if several:
                same = np.isfinite(several[0]) and abs(several[0] - several[-1]) <= SAME * abs(several[0])
                known[name] = several[0] if same else None
    return found
