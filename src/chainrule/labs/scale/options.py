"""What can be tried: the lab's switches."""

from __future__ import annotations

from dataclasses import dataclass

from ..lab import require_positive, switch

OPTIMIZERS = ("adam", "sgd")


@dataclass(frozen=True)
class Options:
    """What can be tried."""

    d_k: str = switch("4,32,128,512", "features of a query and a key; several, separated by commas")
    scale: float = switch(1.0, "what scores are multiplied by where it is not 1 / √d_k; 1: nothing is done")
    keys: int = switch(64, "keys that a query of the formula's part chooses from")
    optimizer: str = switch("adam", "adam, or sgd (momentum 0.9; try lr=0.03)")
    lr: float = switch(0.003, "learning rate")
    steps: int = switch(400, "training steps at most")
    batch_size: int = switch(32, "sequences per step")
    length: int = switch(10, "symbols in a sequence, which are to be reversed")
    symbols: int = switch(10, "different symbols")
    d_model: int = switch(32, "features at each position")

    def __post_init__(self) -> None:
        require_positive(self, "scale", "lr", "steps", "batch_size", "d_model")
        parts = [part.strip() for part in self.d_k.split(",")]
        if not all(part.isdecimal() and int(part) > 0 for part in parts):
            raise ValueError(f"d_k must be numbers of features, separated by commas: 4,64, got {self.d_k!r}")
        for name in ("keys", "length", "symbols"):
            if getattr(self, name) < 2:
                raise ValueError(f"{name} must be 2 or more, got {getattr(self, name)}: there is no choice")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer must be {' or '.join(OPTIMIZERS)}, got {self.optimizer!r}")

    @property
    def sizes(self) -> list[int]:
        return sorted({int(part) for part in self.d_k.split(",")})
