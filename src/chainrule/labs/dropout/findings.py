"""What was measured: of each network, and in all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chainrule.functions.arrays import Array

from .averaging import Average
from .options import Options
from .variants import SAMPLE, Variant


@dataclass(frozen=True)
class Run:
    """One network's life: one number per epoch, unless it says otherwise."""

    variant: str
    thinned_loss: list[float]  # on the training images, in training mode, while it learned
    thinned_accuracy: list[float]
    train_loss: list[float]  # on the training images, in evaluation mode
    train_accuracy: list[float]
    test_loss: list[float]
    test_accuracy: list[float]
    moved: Array  # (hidden units,): how far each one's weights, in and out, came in the training
    masked_test_accuracy: float  # in the end, in training mode, with the masks of the last step

    @property
    def never_trained(self) -> float:
        """The share of hidden units of which not one weight ever moved."""
        return float((self.moved == 0).mean())


@dataclass(frozen=True)
class Findings:
    options: Options
    runs: dict[str, list[Run]]  # by the name of the variant; run i of each had the same weights and images
    average: Average
    test_images: int

    def final(self, variant: Variant, what: str) -> Array:
        """A number of the last epoch, (runs,)."""
        values = [getattr(run, what) for run in self.runs[variant.name]]
        return np.array([v[-1] if isinstance(v, list) else v for v in values])

    def difference(
        self, variant: Variant, what: str = "test_accuracy", against: Variant = SAMPLE
    ) -> tuple[float, float]:
        """variant - against, run by run: the mean and its standard error."""
        differences = self.final(variant, what) - self.final(against, what)
        return float(differences.mean()), float(differences.std(ddof=1) / math.sqrt(len(differences)))
