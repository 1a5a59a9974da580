"""The questions, and what one can answer who knows which symbols there are, and not where."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.data.batches import IGNORED
from chainrule.functions.arrays import Array

from ..reversing import draw_reversed
from .options import Options


def draw(generator: Any, count: int, length: int, options: Options) -> tuple[Array, Array]:
    """(ids, answers), both (count, length). Where nothing stood so many places before, nothing is asked."""
    if options.task == "reverse":
        return draw_reversed(generator, count, length, options.symbols)
    ids = generator.integers(0, options.symbols, (count, length))
    answers = np.full_like(ids, IGNORED)
    answers[:, options.back :] = ids[:, : -options.back]
    return ids, answers


def commonest(ids: Array, answers: Array, symbols: int, is_causal: bool) -> float:
    """How many answers are right if each is the commonest of the *other* symbols that a position sees."""
    own = ids[:, :, None] == np.arange(symbols)  # (count, time, symbols)
    counts = own.cumsum(1)  # seen so far
    if not is_causal:
        counts = np.broadcast_to(counts[:, -1:], counts.shape)  # a position sees all
    asked = answers != IGNORED
    return float(((counts - own).argmax(-1) == answers)[asked].mean())
