"""How fast something grows or shrinks per step: a straight line through logarithms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Growth:
    """norm[k] ≈ norm[0] · rate^k, k steps away from the loss."""

    rate: float  # 1: neither grows nor shrinks
    steps: int  # from the first norm to the last one
    lost: int = 0  # so many norms are 0, or too small for their dtype: the fit leaves them out
    overflowed: int = 0  # so many are infinite or NaN: left out as well

    @property
    def left(self) -> float:
        """What the fit says is left after all steps, as a share of the beginning: rate^steps."""
        with np.errstate(over="ignore"):
            return float(np.float64(self.rate) ** self.steps)

    def sentence(self, unit: str) -> str:
        """In plain words: "gradients shrink by 0.83 per step: after 30 steps 0.4% is left"."""
        steps = f"{self.steps} {unit}{'' if self.steps == 1 else 's'}"
        if abs(math.log(self.rate)) * self.steps < math.log(1.5):
            text = f"gradients keep their size: {self.rate:.3g} per {unit}, {_share(self.left)} after {steps}"
        elif self.rate < 1:
            text = (
                f"gradients shrink by {self.rate:.2g} per {unit}: after {steps} {_share(self.left)} is left"
            )
        else:
            text = f"gradients grow by {self.rate:.3g} per {unit}: after {steps} they are {_times(self.left)}"
        if self.lost:
            text += f"; {self.lost} of {self.steps + 1} are 0 (too small to be told from it)"
        if self.overflowed:
            text += f"; {self.overflowed} of {self.steps + 1} are infinite or NaN"
        return text


def fit_growth(norms: Sequence[float], smallest: float = 0.0) -> Growth | None:
    """Least squares of log norm over the distance; norms[0] stands at the loss.

    Norms that are not finite, or not above `smallest`, are counted and left out: a gradient that has
    underflowed says nothing about the rate. None if fewer than two are left.
    """
    values = np.asarray(norms, np.float64)
    finite = np.isfinite(values)
    used = finite & (values > smallest)
    if used.sum() < 2:
        return None
    slope, _ = np.polyfit(np.flatnonzero(used), np.log(values[used]), 1)
    return Growth(
        rate=float(np.exp(slope)),
        steps=len(values) - 1,
        lost=int((finite & ~used).sum()),
        overflowed=int((~finite).sum()),
    )


def _share(of: float) -> str:
    percent = 100 * of
    return f"{percent:.0f}%" if percent >= 9.5 else f"{percent:.1g}%"


def _times(factor: float) -> str:
    size = f"{factor:.0f}" if 9.5 <= factor < 9999.5 else f"{factor:.2g}"
    return f"{size} times as large"
