"""What can be tried: the lab's switches."""

from __future__ import annotations

from dataclasses import dataclass

from ..lab import require_positive, switch

TASKS = ("back", "reverse")


@dataclass(frozen=True)
class Options:
    """What can be tried."""

    task: str = switch(
        "back", "back: what stood some places before? reverse: what stands there, from the end?"
    )
    back: int = switch(2, "so many places before")
    length: int = switch(16, "symbols in a sequence, in training")
    longer: int = switch(3, "tested on sequences so many times as long")
    layers: int = switch(2, "layers (try 1 and 4: who knows about order without positions?)")
    lr: float = switch(0.003, "learning rate (Adam)")
    steps: int = switch(500, "training steps")
    batch_size: int = switch(32, "sequences per step")
    symbols: int = switch(10, "different symbols")
    d_model: int = switch(32, "features at each position (a multiple of 4, for two heads of pairs)")

    def __post_init__(self) -> None:
        sizes = ("back", "longer", "layers", "steps", "batch_size", "d_model")
        require_positive(self, "lr", *sizes)
        if self.task not in TASKS:
            raise ValueError(f"task must be {' or '.join(TASKS)}, got {self.task!r}")
        if self.length <= max(2, self.back):
            raise ValueError(f"length must be more than 2, and than back {self.back}, got {self.length}")
        if self.symbols < 2:
            raise ValueError(f"symbols must be 2 or more, got {self.symbols}")
        if self.d_model % 4:
            raise ValueError(f"d_model must be a multiple of 4, got {self.d_model}")

    @property
    def longest(self) -> int:
        return self.length * self.longer

    @property
    def question(self) -> str:
        """In words."""
        if self.task == "reverse":
            return "what stands here, counted from the end"
        return f"what stood {self.back} place{'' if self.back == 1 else 's'} before"
