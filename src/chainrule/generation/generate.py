"""Generation: the model reads a prompt, an id is drawn, the model reads it, the next is drawn, and so on.

What the model has read is kept in its state, so each id is read once: the state of a recurrent network, or
the keys and values of a Transformer. Any model takes part that has a method

    logits, state = model.step(ids, state)

`generate` yields ids as they are drawn, with no idea of an end: for text that people see growing. Where
there is an end symbol, as in translation, see `decode.py` and `beam_search.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count as counting
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from chainrule.functions.arrays import Array, describe
from chainrule.functions.random import fold

from .distribution import check_settings, next_distribution
from .sampling import draw

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int

GENERATION = 5  # part of the key: what is drawn for other purposes from the same seed is drawn anew


class StepModel(Protocol):
    """A model that reads ids and keeps what it read in a state."""

    def step(self, ids: Int[Array, "batch time"], state: Any) -> tuple[Float[Array, "batch vocabulary"], Any]:
        """Reads ids (batch, time), at least one per row, after what `state` holds; None: nothing before.

        Returns the logits for the id that follows the last one, (batch, vocabulary), and the state after it.
        The state that was given is not changed.
        """
        ...


def check_prompt(model: StepModel, prompt: Int[Array, "batch time"]) -> None:
    """Raises ValueError for an empty prompt or a model in training mode, TypeError unless it holds ids."""
    if prompt.ndim != 2 or prompt.size == 0:
        raise ValueError(
            f"expected a prompt (batch, time) with at least one id per row, got {describe('prompt', prompt)}"
        )
    if prompt.dtype.kind not in "iu":
        raise TypeError(f"expected the ids of a prompt, integers, got {prompt.dtype}")
    if getattr(model, "training", False):
        raise ValueError("the model is in training mode: call model.eval() before it generates")


def check_step(logits: Float[Array, "batch vocabulary"], batch: int) -> None:
    """Raises ValueError for logits that are not those of the last position."""
    if logits.ndim != 2 or len(logits) != batch:
        raise ValueError(
            f"step should return the logits of the last position, ({batch}, vocabulary), "
            f"it returned {describe('logits', logits)}"
        )


def row_generators(seed: int, rows: Iterable[int]) -> list[np.random.Generator]:
    """One for each of these numbers: what a row draws does not depend on the others."""
    keys = (fold(seed, row, GENERATION) for row in rows)
    return [np.random.Generator(np.random.Philox(key=key)) for key in keys]


def generate(
    model: StepModel,
    prompt: Int[Array, "batch time"],
    count: int | None = None,
    *,
    state: Any = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
) -> Iterator[Int[Array, " batch"]]:
    """Yields `count` times one id for each row of the prompt, (batch,), each as soon as it is drawn; without
    a count, without end.

    state: what the model has read before the prompt; None: nothing. For an encoder-decoder, the source:

        state = model.start(source, source_lengths)
        for ids in generate(model, np.full((len(source), 1), bos_id), 20, state=state): ...

    What a row gets depends on its logits, the seed and its place in the batch, not on the other rows. See
    `next_distribution` for the settings. The model is called `count` times; nothing is computed before the
    first id is asked for.

    Raises ValueError at once for settings out of their range, an empty prompt, or a model in training mode
    (call model.eval() before: dropout would disturb it); TypeError for a prompt that holds no integers.
    """
    check_settings(temperature, top_k, top_p)
    prompt = np.asarray(prompt)
    check_prompt(model, prompt)
    if count is not None and count < 0:
        raise ValueError(f"count must be >= 0, got {count}")

    def ids() -> Iterator[Array]:
        generators = row_generators(seed, range(len(prompt)))
        read, kept = prompt, state
        for _ in counting() if count is None else range(count):
            logits, kept = model.step(read, kept)
            check_step(logits, len(prompt))
            p = next_distribution(logits, temperature, top_k, top_p)
            drawn = draw(p, np.array([generator.random() for generator in generators]))
            yield drawn
            read = drawn[:, None]  # (batch, time 1)

    return ids()
