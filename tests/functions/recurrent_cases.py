"""The three recurrent functions under one roof: their cells, random arguments, and the loop over cells that a
sequence has to agree with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from protocol import normal

from chainrule import functions

LENGTHS = np.array([3, 5, 1, 4])  # one sample as long as the rectangle, one of a single step


@dataclass(frozen=True)
class Kind:
    """One of rnn, lstm, gru."""

    name: str
    gates: int
    states: int

    @property
    def sequence(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        return getattr(functions, self.name), getattr(functions, f"{self.name}_backward")

    @property
    def cell(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        return getattr(functions, f"{self.name}_cell"), getattr(functions, f"{self.name}_cell_backward")

    def weights(self, features: int = 3, hidden: int = 2, bias: bool = True) -> list[Any]:
        rows = self.gates * hidden
        biases = [normal(rows, seed=5), normal(rows, seed=6)] if bias else [None, None]
        return [normal(rows, features, seed=3), normal(rows, hidden, seed=4), *biases]

    def cell_arrays(self, batch: int = 4, features: int = 3, hidden: int = 2, bias: bool = True) -> list[Any]:
        """(x, states..., weights and biases) of one step."""
        states = [normal(batch, hidden, seed=seed) for seed in range(self.states)]
        return [normal(batch, features), *states, *self.weights(features, hidden, bias)]

    def arrays(
        self, batch: int = 4, time: int = 5, features: int = 3, hidden: int = 2, bias: bool = True
    ) -> list[Any]:
        """(x, initial states..., weights and biases) of a sequence, without lengths."""
        return [normal(batch, time, features), *self.cell_arrays(batch, features, hidden, bias)[1:]]

    def loop(self, arrays: list[Any], dy: tuple[Any, ...], reverse: bool = False, **options: Any) -> Any:
        """(output, final states...), gradients: by one cell after the other, all steps valid."""
        forward, backward = self.cell
        x, states, weights = arrays[0], arrays[1 : 1 + self.states], arrays[1 + self.states :]
        steps = list(range(x.shape[1]))[:: -1 if reverse else 1]
        output, caches = np.zeros_like(dy[0]), {}
        for t in steps:
            new, caches[t] = forward(x[:, t], *states, *weights, **options)
            states = new if self.states > 1 else (new,)
            output[:, t] = states[0]
        dx, dstates, dweights = np.zeros_like(x), list(dy[1:]), [0 for _ in weights]
        for t in reversed(steps):
            dstates[0] = dstates[0] + dy[0][:, t]
            dx[:, t], *rest = backward(tuple(dstates) if self.states > 1 else dstates[0], caches[t])
            dstates = rest[: self.states]
            dweights = [
                None if new is None else so_far + new
                for so_far, new in zip(dweights, rest[self.states :], strict=True)
            ]
        return (output, *states), (dx, *dstates, *dweights)


KINDS = {kind.name: kind for kind in (Kind("rnn", 1, 1), Kind("lstm", 4, 2), Kind("gru", 3, 1))}


def assert_close(got: Any, expected: Any) -> None:
    """Each array close to its counterpart; None only beside None."""
    for a, b in zip(got, expected, strict=True):
        assert (a is None) == (b is None)
        if b is not None:
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
