"""What was measured: whose numbers go where, whose gradients come back, and what is learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.functions.arrays import Array

from .network import How
from .options import Options


@dataclass(frozen=True)
class Example:
    """Few samples, few units."""

    columns: Array  # (units, batch): the state, a column per sample
    rows: dict[How, Array]  # (batch, units)
    owner: dict[How, Array]  # (batch, units): the sample that a number belongs to

    def share(self, how: How) -> Array:
        """(batch, batch): how much of what row i is given belongs to sample j."""
        samples = np.arange(self.columns.shape[1])
        share: Array = (self.owner[how][:, :, None] == samples).mean(1)
        return share

    def own(self, how: How) -> float:
        """How much of what a row is given is its own sample's, on average."""
        return float(np.trace(self.share(how)) / len(self.columns.T))


@dataclass(frozen=True)
class Run:
    """One network, before and after it learned."""

    how: How
    influence: Array  # (samples, samples): the norm of sample i's loss's gradient by sample j's input
    gradient_error: float  # the relative error of backward, against differences
    loss: list[float]  # per epoch, of the training images
    accuracy: list[float]  # per epoch, of the test images, in the order of the data set
    alone: float  # accuracy on the test images, one at a time
    changed: float  # share of the test images that get another answer in other company

    @property
    def leaks(self) -> float:
        """The largest gradient of one sample's loss by another's input, as a share of the largest of all."""
        others = self.influence - np.diag(np.diag(self.influence))
        return float(others.max() / self.influence.max())


@dataclass(frozen=True)
class Findings:
    options: Options
    example: Example
    runs: dict[How, Run]
    test_images: int
