"""Running foreign code without its noise: prints, warnings, and random numbers that nobody has seeded."""

from __future__ import annotations

import contextlib
import io
import random
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np


class _Repeatable:
    """Makes `np.random.default_rng()` without a seed draw the same numbers at every run of the subject."""

    def __init__(self, original: Any) -> None:
        self.original = original
        self.made = 0

    def __call__(self, seed: Any = None) -> Any:
        if seed is None:
            self.made += 1
            seed = 977 + self.made
        return self.original(seed)


_unseeded: list[_Repeatable] = []


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Inside the block nothing is printed or warned of, and unseeded generators are repeatable."""
    repeatable = _Repeatable(np.random.default_rng)
    _unseeded.append(repeatable)
    states = np.random.get_state(), random.getstate()  # noqa: NPY002
    with (
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        np.random.default_rng = repeatable
        try:
            yield
        finally:
            np.random.default_rng = repeatable.original
            _unseeded.pop()
            np.random.set_state(states[0])  # noqa: NPY002
            random.setstate(states[1])


def rewind() -> None:
    """Before each run: unseeded generators start again."""
    if _unseeded:
        _unseeded[-1].made = 0


@contextlib.contextmanager
def same_draws(draw: int = 0) -> Iterator[None]:
    """Inside the block, chainrule's own layers draw the same numbers
    each time (if they are loaded at all).
    """
    module = sys.modules.get("chainrule.layers.randomness")
    if module is None:
        yield
    else:
        with module.randomness(seed=20_251 + draw):
            yield
