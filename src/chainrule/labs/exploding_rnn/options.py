"""What can be tried: the lab's switches."""

from __future__ import annotations

from dataclasses import dataclass

from ..lab import require_positive, switch


@dataclass(frozen=True)
class Options:
    """What can be tried."""

    length: int = switch(30, "symbols in a sequence; the first one is the answer")
    large: float = switch(2.0, "what the recurrent weights that explode are multiplied by")
    small: float = switch(0.5, "what the recurrent weights that vanish are multiplied by")
    clip: float = switch(1.0, "the largest norm of the gradient, where it is clipped")
    gate_bias: float = switch(1.0, "of LSTM's forget and GRU's update gates: how open they begin")
    lr: float = switch(0.05, "learning rate (SGD with momentum 0.9)")
    steps: int = switch(250, "training steps")
    batch_size: int = switch(32, "sequences per step")
    hidden: str = switch("64,128,128", "units of the recurrent layers, the first one reads the symbols")
    embedding: int = switch(32, "numbers per symbol")

    def __post_init__(self) -> None:
        require_positive(self, "length", "large", "small", "clip", "lr", "steps", "batch_size", "embedding")
        if self.length < 3:
            raise ValueError(f"length must be 3 or more, got {self.length}: a rate over time needs steps")
        if not all(part.strip().isdecimal() and int(part) > 0 for part in self.hidden.split(",")):
            raise ValueError(
                f"hidden must be sizes separated by commas, such as 64,128,128, got {self.hidden!r}"
            )

    @property
    def sizes(self) -> list[int]:
        return [int(part) for part in self.hidden.split(",")]
