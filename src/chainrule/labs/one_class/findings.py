"""What was measured: of each network, and in all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.functions.arrays import Array

from .anatomy import Anatomy
from .network import Start
from .options import Options

LEARNED = 0.9  # a network that gets more of the test images right than this has learned


@dataclass(frozen=True)
class Run:
    """One network's life. Lists begin with the untrained network, and go on with one number per epoch."""

    start: str
    share: list[float]  # of the test images that get the class which is predicted most
    favorite: list[int]  # that class
    accuracy: list[float]
    train_loss: list[float]
    predictions: Array  # (classes,): how often each is predicted in the end
    probabilities: Array  # (classes,): predicted in the end, mean over the test images
    probability_range: float  # the most that a class's probability differs from image to image in the end
    before: Anatomy
    after: Anatomy
    overflow: int | None  # the step in which the loss became infinite or NaN

    @property
    def always_one_class(self) -> bool:
        """One class for all images, after every epoch."""
        return all(share == 1 for share in self.share[1:])

    @property
    def learned(self) -> bool:
        return self.accuracy[-1] > LEARNED

    @property
    def died_in_training(self) -> bool:
        """The images reached the logits once, and do not any more (though all numbers are finite)."""
        return self.overflow is None and self.before.lost_at is None and self.after.lost_at is not None


@dataclass(frozen=True)
class Findings:
    options: Options
    starts: list[Start]
    runs: dict[str, list[Run]]  # by the name of the start
    prior: Array  # (classes,): their shares of the training images
    test_images: int

    @property
    def entropy(self) -> float:
        """The loss (nats) of always answering with the classes' shares: the best without looking."""
        return float(-(self.prior * np.log(self.prior)).sum())
