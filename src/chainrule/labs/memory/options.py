"""What can be tried: the lab's switches."""

from __future__ import annotations

from dataclasses import dataclass

from ..lab import require_positive, switch


@dataclass(frozen=True)
class Options:
    """What can be tried."""

    lengths: str = switch("50", "time steps; several, separated by commas")
    hidden: int = switch(64, "units")
    steps: int = switch(3000, "training steps")
    batch_size: int = switch(32, "fresh sequences per step")
    lr_gated: float = switch(0.01, "learning rate of LSTM and GRU (Adam)")
    lr_plain: float = switch(0.001, "learning rate of RNN and IRNN")
    clip: float = switch(1.0, "the largest norm of the gradient")

    def __post_init__(self) -> None:
        require_positive(self, "hidden", "steps", "batch_size", "lr_gated", "lr_plain", "clip")
        parts = [part.strip() for part in self.lengths.split(",")]
        if not all(part.isdecimal() and int(part) >= 2 for part in parts):
            raise ValueError(
                f"lengths must be numbers of 2 or more, separated by commas: 50,150, got {self.lengths!r}"
            )

    @property
    def times(self) -> list[int]:
        return [int(part) for part in self.lengths.split(",")]
