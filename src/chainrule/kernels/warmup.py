"""Compiles every twin now. Numba keeps the machine code on disk: later processes load it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import chainrule.functions as functions

from .adam import SMALL, adam_step

SIZE = 256  # with 2 samples and 4 steps: just enough work for every twin to apply


def compilations() -> dict[str, Callable[[], None]]:
    """What compiles each twin: it is called once, forward and backward."""
    return {
        "adam": _adam,
        "gru": lambda: _recurrent("gru", gates=3, states=1),
        "lstm": lambda: _recurrent("lstm", gates=4, states=2),
        "rnn": lambda: _recurrent("rnn", gates=1, states=1),
    }


def _recurrent(name: str, gates: int, states: int) -> None:
    # all rows of x are equal: the way for repeated rows is compiled, too
    x, state, weight = (
        np.zeros(shape, np.float32) for shape in [(2, 4, SIZE), (2, SIZE), (gates * SIZE, SIZE)]
    )
    y, cache = getattr(functions, name)(x, *[state] * states, weight, weight)
    if not type(cache).__name__.startswith("Compiled"):
        raise RuntimeError(f"the twin of {name} did not run")
    getattr(functions, f"{name}_backward")(y, cache)


def _adam() -> None:
    weight, g, mean, square = (np.zeros(SMALL, np.float32) for _ in range(4))
    if not adam_step(weight, g, mean, square, lr=0.1, betas=(0.9, 0.999), eps=1e-8, t=1):
        raise RuntimeError("the compiled step of Adam did not run")
