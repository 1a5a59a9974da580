"""What one training step did: one line per call, then one per weight that no layer speaks for."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from .statistics import Statistics


@dataclass(frozen=True)
class Line:
    """One call, or, in the phase "update", one weight. `arrays` are what a call returned (outputs in forward,
    gradients in backward), or the gradient of a weight (its step, where no gradient was found).
    """

    phase: Literal["forward", "backward", "update"]
    path: str  # "" is the model itself, "loss" the loss
    kind: str
    depth: int
    arrays: tuple[Statistics, ...]
    given: tuple[tuple[int, ...], ...] = ()  # the shapes of the arrays that a call was given
    incoming: float | None = None  # backward: the norm of the gradient that came in; update: of the weight's
    ratio: float | None = None  # of the step to the weights: the layer's own, taken together
    error: str | None = None

    @property
    def is_finite(self) -> bool:
        return not any(array.nan or array.inf for array in self.arrays)


@dataclass(frozen=True)
class Trace:
    """`print(trace)` shows a line per call, in the order in which the calls began; a notebook shows a table;
    `lines` and `to_dict()` are for programs.

    `error` is what the model raised, if it did: the lines end there.
    """

    name: str
    inputs: tuple[Statistics, ...]
    lines: tuple[Line, ...]
    loss: float | None = None
    notes: tuple[str, ...] = ()
    error: BaseException | None = field(default=None, compare=False)

    @property
    def first_not_finite(self) -> Line | None:
        """The line where NaN or infinity was met first, None if there is none."""
        first = None
        for line in self.lines:
            # a composite begins before its parts, but what they returned was there before it
            inside = first is not None and line.phase == first.phase and line.depth > first.depth
            if first is not None and not inside:
                break
            if not line.is_finite:
                first = line
        return first

    @property
    def failed(self) -> Line | None:
        """The innermost call that raised the error."""
        return next((line for line in reversed(self.lines) if line.error), None)

    def to_dict(self) -> dict[str, Any]:
        """Everything as dicts, lists, numbers (some may be NaN) and texts."""
        return {
            "name": self.name,
            "loss": self.loss,
            "inputs": [asdict(array) for array in self.inputs],
            "lines": [asdict(line) for line in self.lines],
            "notes": list(self.notes),
            "error": None if self.error is None else f"{type(self.error).__name__}: {self.error}",
        }

    def text(self, width: int = 80) -> str:
        """The lines without color. Long paths are shortened in the middle to fit the width."""
        from .show import rendered

        return rendered(self, width).plain

    def __str__(self) -> str:
        """With colors if the standard output is a terminal."""
        if not getattr(sys.stdout, "isatty", bool)():
            return self.text()
        from .show import colored

        return colored(self)

    def __repr__(self) -> str:
        return self.text()

    def __rich_console__(self, console: Any, options: Any) -> Any:
        from .show import rendered

        yield rendered(self, options.max_width)

    def _repr_html_(self) -> str:
        from .html import table

        return table(self)
