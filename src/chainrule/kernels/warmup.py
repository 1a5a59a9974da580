"""Compiles every twin now. Numba keeps the machine code on disk: later processes load it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule.functions as functions
from chainrule.functions.arrays import Array

from . import plain
from .adam import SMALL, adam_step

SIZE = 256  # with 2 samples and 4 steps: just enough work for every twin to apply


def compilations() -> dict[str, Callable[[], None]]:
    """What compiles each twin: it is called once, forward and backward."""
    return {
        "adam": _adam,
        "cross_entropy": _cross_entropy,
        "dropout": _dropout,
        "gelu": lambda: _run("gelu", _rows()),
        "gru": lambda: _recurrent("gru", gates=3, states=1),
        "layer_norm": lambda: _run("layer_norm", _rows()),
        "lstm": lambda: _recurrent("lstm", gates=4, states=2),
        "rnn": lambda: _recurrent("rnn", gates=1, states=1),
        "scaled_dot_product_attention": _attention,
    }


def _run(name: str, *arguments: Any, **options: Any) -> None:
    """Forward and backward."""
    y, *_, cache = getattr(functions, name)(*arguments, **options)
    if not type(cache).__name__.startswith("Compiled"):
        raise RuntimeError(f"the twin of {name} did not run")
    getattr(functions, f"{name}_backward")(y, cache)


def _rows() -> Array:
    return np.zeros((2, plain.SMALL // 2), np.float32)


def _cross_entropy() -> None:
    _run("cross_entropy", _rows(), np.zeros(2, int), label_smoothing=0.1)


def _dropout() -> None:
    _run("dropout", _rows(), 0.5, np.zeros(2, np.uint64))


def _attention() -> None:
    x, keys = np.zeros((2, 2, 2, plain.SMALL // 8), np.float32), np.zeros(2, np.uint64)
    _run("scaled_dot_product_attention", x, x, x, None, keys, dropout_p=0.5, causal=True)


def _recurrent(name: str, gates: int, states: int) -> None:
    # all rows of x are equal: the way for repeated rows is compiled, too
    x, state, weight = (
        np.zeros(shape, np.float32) for shape in [(2, 4, SIZE), (2, SIZE), (gates * SIZE, SIZE)]
    )
    _run(name, x, *[state] * states, weight, weight)


def _adam() -> None:
    weight, g, mean, square = (np.zeros(SMALL, np.float32) for _ in range(4))
    if not adam_step(weight, g, mean, square, lr=0.1, betas=(0.9, 0.999), eps=1e-8, t=1):
        raise RuntimeError("the compiled step of Adam did not run")
