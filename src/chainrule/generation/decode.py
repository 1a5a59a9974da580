"""Decoding to an end symbol, one hypothesis for each row: always the likeliest id, or one drawn at random.

    logits, state = model.step(prompt, state)          what comes next?
    ids = argmax(logits), or drawn                     (batch,)
    logits, state = model.step(ids, state)             and then?   ... until the end symbol comes

Rows that have ended leave the batch, and the others go on. What a row gets does not depend on the others (up
to the rounding of matrix products, whose order of additions may depend on the size of the batch).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import count as counting
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.training.memory import keep_freed_memory

from .distribution import check_settings, next_distribution
from .endings import Endings
from .generate import StepModel, check_prompt, row_generators
from .hypothesis import Hypothesis
from .sampling import draw
from .state import state_rows

if TYPE_CHECKING:
    from chainrule.functions.arrays import Int

Choice = Callable[[Array, Array], Array]  # log-probabilities (rows, vocabulary), rows of the prompt -> ids


def greedy(
    model: StepModel,
    prompt: Int[Array, "batch time"],
    *,
    state: Any = None,
    eos_id: int,
    max_length: int | Int[Array, " batch"],
    min_length: int = 0,
    never: Collection[int] = (),
) -> list[Hypothesis]:
    """One hypothesis for each row of the prompt: at every position the likeliest id (of equals the lowest).

        state = model.start(source, source_lengths)
        found = greedy(model, np.full((len(source), 1), bos_id), state=state, eos_id=eos_id, max_length=50)

    state: what was read before the prompt, as in `generate`.
    eos_id ends a hypothesis; after max_length ids nothing else may come (one number, or one for each row), in
    the first min_length ids it may not come. never: ids that are not to be produced, such as padding.
    score: the mean of the log-probabilities, as beam_search has it by default.

    Raises as `generate` does, and ValueError for lengths or ids that cannot be.
    """
    return _to_the_end(
        model, prompt, state, eos_id, max_length, min_length, never, lambda log_p, rows: log_p.argmax(-1)
    )


def sample_to_end(
    model: StepModel,
    prompt: Int[Array, "batch time"],
    *,
    state: Any = None,
    eos_id: int,
    max_length: int | Int[Array, " batch"],
    min_length: int = 0,
    never: Collection[int] = (),
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    rows: Sequence[int] | None = None,
) -> list[Hypothesis]:
    """As `greedy`, but ids are drawn: from what `next_distribution` makes of those that may come.

    What a row draws depends on its logits, the seed and its number: `rows`, or its place in the batch.
    log_probabilities and score are the model's own, whatever the temperature.
    """
    check_settings(temperature, top_k, top_p)
    generators = row_generators(seed, range(len(prompt)) if rows is None else rows)

    def drawn(log_p: Array, places: Array) -> Array:
        p = next_distribution(log_p, temperature, top_k, top_p)
        return draw(p, np.array([generators[place].random() for place in places]))

    return _to_the_end(model, prompt, state, eos_id, max_length, min_length, never, drawn)


def _to_the_end(
    model: StepModel,
    prompt: Array,
    state: Any,
    eos_id: int,
    max_length: int | Array,
    min_length: int,
    never: Collection[int],
    choose: Choice,
) -> list[Hypothesis]:
    prompt = np.asarray(prompt)
    check_prompt(model, prompt)
    endings = Endings.of(len(prompt), eos_id, max_length, min_length, never)
    keep_freed_memory()
    written: list[list[tuple[int, float]]] = [[] for _ in prompt]
    rows, read = np.arange(len(prompt)), prompt  # rows of the prompt that go on; what they read next
    for length in counting():
        logits, state = model.step(read, state)
        log_p = endings.log_probabilities(logits, length, rows)
        ids = choose(log_p, rows)
        its_log_p = log_p[np.arange(len(rows)), ids]
        check_numbers(its_log_p, length, rows)
        if its_log_p.min() == -np.inf:
            raise ValueError(
                f"after {length} ids, nothing may come next in row {rows[its_log_p.argmin()]} of the prompt: "
                "all logits of what is allowed there are -inf"
            )
        for row, id, value in zip(rows.tolist(), ids.tolist(), its_log_p.tolist(), strict=True):
            written[row].append((id, value))
        going_on = np.flatnonzero(ids != eos_id)
        if len(going_on) == 0:
            break
        state = state_rows(model, state, going_on, len(rows))
        rows, read = rows[going_on], ids[going_on, None]
    return [_hypothesis(row) for row in written]


def check_numbers(log_p: Array, length: int, rows: Array) -> None:
    """Raises ValueError if the largest log-probabilities, one for each row that goes on, hold a NaN."""
    if np.isnan(log_p).any():
        row = rows[np.isnan(log_p).argmax()]
        raise ValueError(f"the logits after {length} ids hold NaN, in row {row} of the prompt")


def _hypothesis(written: list[tuple[int, float]]) -> Hypothesis:
    ids, values = zip(*written, strict=True)
    log_p = np.array(values)
    return Hypothesis(np.array(ids[:-1], dtype=np.int64), float(log_p.mean()), log_p)
