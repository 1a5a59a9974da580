"""What can be tried: the lab's switches."""

from __future__ import annotations

from dataclasses import dataclass

from ..lab import require_positive, switch


@dataclass(frozen=True)
class Options:
    """What can be tried."""

    batch: int = switch(3, "samples of the small example (1: nothing goes wrong, so nobody notices)")
    units: int = switch(2, "units of the small example")
    hidden: int = switch(32, "units of the networks that learn")
    batch_size: int = switch(30, "images per training step")
    epochs: int = switch(6, "passes through the training images")
    lr: float = switch(0.003, "learning rate (Adam)")

    def __post_init__(self) -> None:
        require_positive(self, "batch", "units", "hidden", "batch_size", "epochs", "lr")
        if self.batch > 8 or self.units > 6:
            raise ValueError(
                "the small example is to be read: batch up to 8, units up to 6, got "
                f"{self.batch} and {self.units}"
            )
