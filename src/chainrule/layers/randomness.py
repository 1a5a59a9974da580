"""Where random numbers come from: a key made of the seed, the step, the place in the forward pass and the
sample.

A layer that needs random numbers asks `current()`. The training loop says where it stands:

    with randomness(seed=0, step=1200):
        y, cache = model.forward(x)

Everything drawn inside depends on (seed, step, how many draws came before in this pass, sample) and on
nothing else: not on the number of threads, not on how the batch is cut into parts (`first_sample`), not on
whether the run was interrupted. Outside of such a block, `manual_seed` sets the seed and every draw is a new
one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.functions.random import fold, random_bits

if TYPE_CHECKING:
    from chainrule.functions.arrays import UInt64


class Randomness:
    """Counts the draws of one forward pass, and makes the keys."""

    def __init__(self, seed: int, step: int = 0, first_sample: int = 0) -> None:
        self.seed, self.step, self.first_sample = seed, step, first_sample
        self.draws = 0  # "place in the model": the same layer is always the n-th to draw

    def sample_keys(self, batch: int) -> UInt64[Array, " batch"]:
        """One key for each sample of a batch; sample n of this batch is sample first_sample + n of the whole
        one.
        """
        stream = np.array([self._next_key()], dtype=np.uint64)
        return random_bits(stream, self.first_sample + batch)[0, self.first_sample :]

    def generator(self) -> np.random.Generator:
        """A NumPy generator (Philox, itself counter-based), for initial weights."""
        return np.random.Generator(np.random.Philox(key=self._next_key()))

    def _next_key(self) -> int:
        self.draws += 1
        return fold(self.seed, self.step, self.draws)


_default: Randomness | None = None
_current: ContextVar[Randomness | None] = ContextVar("randomness", default=None)


def manual_seed(seed: int) -> None:
    """Seeds everything that is drawn outside of a `randomness` block: initial weights, and dropout in your
    own loops.
    """
    global _default
    _default = Randomness(seed)


@contextmanager
def randomness(seed: int, step: int = 0, first_sample: int = 0) -> Iterator[Randomness]:
    """Inside the block, all draws are determined by seed, step and sample. Entering it again repeats them."""
    token = _current.set(Randomness(seed, step, first_sample))
    try:
        yield current()
    finally:
        _current.reset(token)


def current() -> Randomness:
    """The innermost `randomness` block of this thread, else the default one (seeded by the system unless
    `manual_seed`).
    """
    inner = _current.get()
    if inner is not None:
        return inner
    if _default is None:
        manual_seed(int.from_bytes(os.urandom(7), "little"))
        return current()
    return _default
