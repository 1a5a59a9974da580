"""Drawing ids at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers.randomness import current

from .distribution import next_distribution

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int


def sample(
    logits: Float[Array, "batch vocabulary"],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: np.random.Generator | None = None,
) -> Int[Array, " batch"]:
    """One id for each row of logits (batch, vocabulary), drawn as `next_distribution` says.

    The generator gives one number per row, also at temperature 0, where it changes nothing; without it,
    chainrule's own randomness is used (`manual_seed`). Raises as `next_distribution` does.
    """
    p = next_distribution(logits, temperature, top_k, top_p)
    generator = current().generator() if generator is None else generator
    return draw(p, generator.random(len(p)))


def draw(p: Float[Array, "batch vocabulary"], uniform: Float[Array, " batch"]) -> Int[Array, " batch"]:
    """The id under which each number of [0, 1) falls when the probabilities lie side by side.

        p        0.2    0.5           0.3
               |------|-------------|--------|
               0     0.2           0.7       1            uniform 0.65 -> id 1

    An id of probability 0 has no width and is never drawn.
    """
    ends = p.cumsum(-1)
    ends /= ends[:, -1:]  # the last is 1 exactly, above any number
    ids: Array = (ends > uniform[:, None]).argmax(-1)  # the first that ends beyond it
    return ids
