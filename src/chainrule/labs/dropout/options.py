"""What can be tried: the lab's switches."""

from __future__ import annotations

from dataclasses import dataclass

from ..lab import require_positive, switch


@dataclass(frozen=True)
class Options:
    """What can be tried."""

    p: float = switch(0.5, "probability to drop a unit")
    images: int = switch(250, "training images")
    wrong: float = switch(0.2, "share of the training images that get a wrong label; 0 for none")
    width: int = switch(256, "units in each of the two hidden layers")
    epochs: int = switch(60, "passes through the training images")
    batch_size: int = switch(25, "images per step")
    lr: float = switch(0.001, "learning rate (Adam)")
    runs: int = switch(8, "runs of each kind, with other weights and other training images")

    def __post_init__(self) -> None:
        if not 0 < self.p < 1:
            raise ValueError(f"p is the probability to drop a unit, between 0 and 1, got {self.p}")
        if not 0 <= self.wrong <= 0.9:
            raise ValueError(f"wrong is a share of the training images, from 0 to 0.9, got {self.wrong}")
        if not 20 <= self.images <= 1000:
            raise ValueError(f"images must be 20 to 1000 (two of each class at least), got {self.images}")
        require_positive(self, "width", "epochs", "batch_size", "lr")
        if self.runs < 2:
            raise ValueError(
                f"runs must be 2 at least, so that chance can be told from effect, got {self.runs}"
            )
