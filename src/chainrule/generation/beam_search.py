"""Beam search: the `beam` likeliest beginnings of a sequence are kept, and grow side by side.

Greedy decoding takes the likeliest id and cannot take it back; the likeliest sequence may begin with another.
All sequences are too many to try. A beam search, at every position,

    1. continues each beginning that is kept with every id,
    2. keeps the `beam` likeliest of all these continuations,
    3. takes out those that end with the end symbol: they are finished, and stop growing.

beam=2, and the end symbol is "."; numbers are probabilities:

                 a  0.5   ──>   a a  0.20   ──> ...         a .  0.15 and a b  0.15: dropped
    (nothing) <
                 b  0.4   ──>   b .  0.36   finished        b a  0.04: dropped

With beam=1 it is greedy decoding. (Bahdanau, Cho and Bengio 2015; the rule by which the beam is filled is
that of Huang, Zhao and Ma 2017, section 2.)

**When is it over?** Finished hypotheses are compared by their scores, see `hypothesis.py`. A longer one is
divided by a larger penalty, so an unfinished one may still overtake a finished one. But not any more than by
adding ids of probability 1 up to the greatest length:

    score(Y and whatever follows) <= log P(Y) / penalty(max_length + 1)

As soon as that is at most the worst of the n best finished scores, for every unfinished hypothesis, nothing
can change, and the source leaves the batch. Many libraries stop as soon as `beam` hypotheses are finished,
which is sooner, and favors short ones: early_stopping=True.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import count as counting
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.training.memory import keep_freed_memory

from .decode import check_numbers
from .endings import Endings
from .finished import Finished
from .generate import StepModel, check_prompt
from .hypothesis import Hypothesis, length_penalty
from .state import state_rows

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int


class Beams(NamedTuple):
    """The hypotheses of all rows of the prompt, one below the other: row by row, each row's best first."""

    row: Int[Array, " hypotheses"]  # of the prompt
    total: Float[Array, " hypotheses"]  # the sum of log_p
    ids: Int[Array, "hypotheses time"]
    log_p: Float[Array, "hypotheses time"]  # of each id

    def of(self, chosen: Array) -> Beams:
        return Beams(*(array[chosen] for array in self))


def beam_search(
    model: StepModel,
    prompt: Int[Array, "batch time"],
    *,
    state: Any = None,
    eos_id: int,
    max_length: int | Int[Array, " batch"],
    min_length: int = 0,
    never: Collection[int] = (),
    beam: int = 5,
    n: int = 1,
    alpha: float = 1.0,
    penalty: str = "power",
    early_stopping: bool = False,
) -> list[list[Hypothesis]]:
    """For each row of the prompt the n best hypotheses that were found, best first.

        state = model.start(source, source_lengths)
        bos = np.full((len(source), 1), bos_id)
        found = beam_search(model, bos, state=state, eos_id=eos_id, max_length=50)
        best = found[0][0].ids

    state, eos_id, max_length, min_length, never: as in `greedy`.
    beam: how many beginnings are kept. n, at most beam: how many results. (There are fewer where vocabulary
    and max_length allow fewer sequences.)
    alpha, penalty: see `length_penalty`. fairseq's default is alpha 1; Vaswani et al. 2017, section 6.1, have
    a beam of 4 and Wu et al.'s penalty, "gnmt", with alpha 0.6.
    early_stopping=True: a row is done as soon as `beam` hypotheses are finished.

    Raises as `greedy` does, and ValueError for a beam, an n or a penalty that cannot be.
    """
    prompt = np.asarray(prompt)
    check_prompt(model, prompt)
    if not 1 <= n <= beam:
        raise ValueError(f"expected 1 <= n <= beam, got n {n} and beam {beam}")
    endings = Endings.of(len(prompt), eos_id, max_length, min_length, never)
    penalize, enough = length_penalty(alpha, penalty), beam if early_stopping else None
    finished = [Finished(n, penalize, limit + 1, enough) for limit in endings.max_length.tolist()]

    keep_freed_memory()
    beams, read = _beginning(len(prompt)), prompt
    for length in counting():
        logits, state = model.step(read, state)
        log_p = endings.log_probabilities(logits, length, beams.row)
        grown, parents = _grown(beams, log_p, beam, length)
        ended = grown.ids[:, -1] == eos_id
        for row, total, ids, values in zip(*grown.of(ended), strict=True):
            finished[row].add(float(total), ids[:-1], values)
        unfinished = grown.of(~ended)
        rows, best = np.unique(unfinished.row, return_index=True)
        done = [row for row, i in zip(rows, best, strict=True) if finished[row].is_final(unfinished.total[i])]
        going_on = np.flatnonzero(~ended & ~np.isin(grown.row, done))
        if len(going_on) == 0:
            break
        state = state_rows(model, state, parents[going_on], len(read))
        beams = grown.of(going_on)
        read = beams.ids[:, -1:]
    for row, found in enumerate(finished):
        if not found.hypotheses:
            raise ValueError(f"no hypothesis of row {row} of the prompt can end: see max_length and never")
    return [found.best() for found in finished]


def _beginning(batch: int) -> Beams:
    """One hypothesis without ids for each row of the prompt."""
    nothing = np.zeros((batch, 0))
    return Beams(np.arange(batch), np.zeros(batch), nothing.astype(np.int64), nothing)


def _grown(
    beams: Beams, log_p: Float[Array, "hypotheses vocabulary"], beam: int, length: int
) -> tuple[Beams, Int[Array, " grown"]]:
    """The `beam` likeliest continuations of each row of the prompt, and which hypothesis each continues.

    Of equal ones, that of the better hypothesis comes first, then that with the lower id.
    """
    ids, values = _largest(log_p, beam)  # both (hypotheses, candidates)
    check_numbers(values[:, 0], length, beams.row)
    total = (beams.total[:, None] + values).ravel()
    parent = np.repeat(np.arange(len(ids)), ids.shape[1])
    row = beams.row[parent]  # ascending
    order = np.lexsort((-total, row))  # row by row, the likeliest first, of equal ones the first
    place = np.arange(len(order)) - np.searchsorted(row, row)  # in its row
    chosen = order[(place < beam) & (total[order] > -np.inf)]
    parent, ids, values = parent[chosen], ids.ravel()[chosen, None], values.ravel()[chosen, None]
    grown = Beams(
        row[chosen],
        total[chosen],
        np.concatenate([beams.ids[parent], ids], axis=1),
        np.concatenate([beams.log_p[parent], values], axis=1),
    )
    return grown, parent


def _largest(
    x: Float[Array, "rows columns"], count: int
) -> tuple[Int[Array, "rows count"], Float[Array, "rows count"]]:
    """Columns and values of the largest numbers of each row, largest first, of equal ones the lowest column.

    One after the other is taken out of x: for a few out of thousands, that is faster than to sort.
    """
    rows, columns, values = np.arange(len(x)), [], []
    for _ in range(min(count, x.shape[1])):
        columns.append(x.argmax(-1))
        values.append(x[rows, columns[-1]])
        x[rows, columns[-1]] = -np.inf
    return np.stack(columns, axis=1), np.stack(values, axis=1).astype(np.float64)
