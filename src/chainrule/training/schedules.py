"""Schedules: the learning rate as a function of the step. `optimizer.lr = schedule(step)`, steps counted from
0.

They are plain functions of the step, without a state: an interrupted run goes on as if nothing had happened.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Schedule: TypeAlias = Callable[[int], float]


@dataclass(frozen=True)
class ConstantLR:
    """Always lr."""

    lr: float

    def __call__(self, step: int) -> float:
        return self.lr


@dataclass(frozen=True)
class StepLR:
    """lr · gammaᵏ, where k = floor(step / step_size): every step_size steps it shrinks."""

    lr: float
    step_size: int
    gamma: float = 0.1

    def __post_init__(self) -> None:
        _check_steps("StepLR: step_size", self.step_size)

    def __call__(self, step: int) -> float:
        return self.lr * self.gamma ** (step // self.step_size)


@dataclass(frozen=True)
class CosineAnnealingLR:
    """From lr down to min_lr along half a cosine, over `steps` steps; it stays there.

    min_lr + (lr - min_lr) · (1 + cos(π · step / steps)) / 2      (Loshchilov and Hutter 2017, eq. 5)
    """

    lr: float
    steps: int
    min_lr: float = 0.0

    def __post_init__(self) -> None:
        _check_steps("CosineAnnealingLR: steps", self.steps)

    def __call__(self, step: int) -> float:
        progress = min(step / self.steps, 1.0)
        return self.min_lr + (self.lr - self.min_lr) * (1 + math.cos(math.pi * progress)) / 2


@dataclass(frozen=True)
class PolynomialLR:
    """lr · (1 - step / steps)^power, and 0 afterwards; with power 1 it falls along a line."""

    lr: float
    steps: int
    power: float = 1.0

    def __post_init__(self) -> None:
        _check_steps("PolynomialLR: steps", self.steps)

    def __call__(self, step: int) -> float:
        return float(self.lr * (1 - min(step / self.steps, 1.0)) ** self.power)


@dataclass(frozen=True)
class WarmUp:
    """Over the first `steps` steps, the learning rate rises from start_factor to 1 times what `after` gives.

        after(step) · (start_factor + (1 - start_factor) · min(step / steps, 1))

    Large steps hurt most while the optimizer knows nothing yet about the gradients.  (Goyal et al. 2017,
    section 2.2; with a ConstantLR inside, it is PyTorch's LinearLR.)
    """

    after: Schedule
    steps: int
    start_factor: float = 1 / 3

    def __post_init__(self) -> None:
        _check_steps("WarmUp: steps", self.steps)

    def __call__(self, step: int) -> float:
        progress = min(step / self.steps, 1.0)
        return self.after(step) * (self.start_factor + (1 - self.start_factor) * progress)


@dataclass(frozen=True)
class InverseSqrtLR:
    """Rises from start_lr to lr over `warmup` steps, then falls with the square root of the step.

        lr · √(warmup / n)      n = step + 1, once it is more than warmup

    The Transformer's schedule: Vaswani et al. 2017, section 5.3, writes it as
    d_model^-0.5 · min(n^-0.5, n · warmup^-1.5); that is `InverseSqrtLR.of_paper(d_model, warmup)`.

    **Why does it rise?** Adam divides by how large gradients have been, and knows that from few of them at
    first; and in a post-norm Transformer the gradients of the first steps are large near the output
    (Xiong et al. 2020). `chainrule lab depth` trains with and without it.
    """

    lr: float
    warmup: int = 4000
    start_lr: float = 0.0

    def __post_init__(self) -> None:
        _check_steps("InverseSqrtLR: warmup", self.warmup)

    @classmethod
    def of_paper(cls, d_model: int, warmup: int = 4000) -> InverseSqrtLR:
        """Equation 3 of the paper: the highest rate follows from the width, 1 / √(d_model · warmup)."""
        return cls((d_model * warmup) ** -0.5, warmup)

    def __call__(self, step: int) -> float:
        n = step + 1
        if n < self.warmup:
            return self.start_lr + (self.lr - self.start_lr) * n / self.warmup
        return self.lr * math.sqrt(self.warmup / n)


def _check_steps(name: str, steps: int) -> None:
    if steps < 1:
        raise ValueError(f"{name} must be at least 1, got {steps}")
