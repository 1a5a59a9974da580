"""What can be tried: the lab's switches."""

from __future__ import annotations

from dataclasses import dataclass

from ..lab import require_positive, switch


@dataclass(frozen=True)
class Options:
    """What can be tried."""

    depths: str = switch("1,2,6,12", "layers; several, separated by commas")
    norm: str = switch(
        "pre", "where the norm stands without a residual, and where it is forgotten: pre or post"
    )
    lr: float = switch(0.005, "learning rate (Adam), after the warm-up if there is one")
    warm_up: int = switch(150, "steps over which the learning rate rises, where it does")
    steps: int = switch(300, "training steps at most")
    batch_size: int = switch(16, "sequences per step")
    length: int = switch(6, "symbols in a sequence, which are to be reversed")
    symbols: int = switch(10, "different symbols")
    d_model: int = switch(32, "features at each position (an even number, for two heads)")

    def __post_init__(self) -> None:
        sizes = ("steps", "batch_size", "length", "symbols", "d_model")
        require_positive(self, "lr", "warm_up", *sizes)
        parts = [part.strip() for part in self.depths.split(",")]
        if not all(part.isdecimal() and int(part) > 0 for part in parts):
            raise ValueError(
                f"depths must be numbers of layers, separated by commas: 1,2,6, got {self.depths!r}"
            )
        if self.norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, got {self.norm!r}")
        if self.length < 2 or self.symbols < 2:
            raise ValueError(
                f"to be reversed, length and symbols must be 2 or more, got {self.length} and {self.symbols}"
            )
        if self.d_model % 2:
            raise ValueError(f"d_model must be even, for two heads, got {self.d_model}")

    @property
    def layers(self) -> list[int]:
        return sorted({int(part) for part in self.depths.split(",")})
