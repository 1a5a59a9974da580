"""A pair of functions under test: how to call it, and how to say what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .numerical import STEP, TOLERANCE
from .trees import difference, is_array, leaves, picture
from .upstream import draw_upstream


@dataclass
class Pair:
    """The pair under test, and how to call it."""

    forward: Callable[..., Any]
    backward: Callable[[Any, Any], Any]
    kwargs: dict[str, Any]
    outputs: int
    differentiable: tuple[int, ...]
    allow_zero: dict[int, str]
    promise: str = ""
    kinks: float = 0.05
    step: float = STEP
    tolerance: float = TOLERANCE
    float32_tolerance: float = 1e-3

    def run(self, arrays: Sequence[Any], kwargs: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """(y, cache), whatever stands between them."""
        result = self.forward(*arrays, **(self.kwargs if kwargs is None else kwargs))
        if not isinstance(result, tuple) or len(result) < self.outputs + 1:
            self.fail(f"forward must return (y, cache) or (loss, count, cache), got {type(result).__name__}")
        return (result[0] if self.outputs == 1 else tuple(result[: self.outputs])), result[-1]

    def gradients(self, dy: Any, cache: Any, count: int) -> tuple[Any, ...]:
        """backward's answer, as a tuple with one entry per argument."""
        result = self.backward(dy, cache)
        if isinstance(result, tuple) and len(result) == count:
            return tuple(result)
        if count == 1:
            return (result,)
        got = f"{len(result)} of them" if isinstance(result, tuple) else f"a single {type(result).__name__}"
        return self.fail(f"backward must return one gradient per array argument, {count}, got {got}")

    def both(self, arrays: Sequence[Any], dy: Any) -> tuple[Any, tuple[Any, ...]]:
        """(y, gradients) of fresh calls."""
        y, cache = self.run(arrays)
        return y, self.gradients(dy, cache, len(arrays))

    def upstream(self, arrays: Sequence[Any], rng: np.random.Generator) -> Any:
        return draw_upstream(self.run(arrays)[0], rng)

    def fail(self, detail: str) -> Any:
        name = getattr(self.forward, "__name__", repr(self.forward))
        raise AssertionError(f"{name}, promise {self.promise!r}: {detail}")

    def require_same(self, got: Any, expected: Any, detail: str) -> None:
        """Bit by bit."""
        if where := difference(picture(expected), picture(got)):
            self.fail(f"{detail} (at {where})")

    def require_close(self, got: Any, expected: Any, relative: float, detail: str) -> None:
        """Close, measured by the largest number of each array."""
        got, expected = leaves(got), leaves(expected)
        for i, (a, b) in enumerate(zip(got, expected, strict=True)):
            if not is_array(b) or not is_array(a):
                if is_array(a) or is_array(b):
                    self.fail(f"{detail}: entry {i} is None in one of them")
                continue
            if a.shape != b.shape:
                self.fail(f"{detail}: entry {i} has shape {a.shape} instead of {b.shape}")
            a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
            scale = np.abs(b).max(initial=0)
            error = np.abs(a - b).max(initial=0)
            if not error <= relative * scale + 1e-14:
                self.fail(f"{detail}: entry {i} is off by {error:.3g}, where numbers go up to {scale:.3g}")
