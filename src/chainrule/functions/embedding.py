"""Embedding: each id looks up its row in a table.

    y[n] = W[ids[n]]          weight W (rows, features)

**It is a linear layer on one-hot vectors.** Let one_hot[n] be all zeros with a 1 in column ids[n]. Then

    y = one_hot @ W,  and as in a linear layer  dW = one_hotᵀ @ dy,  dW[v] = Σ dy[n] over n with ids[n] = v

The matrix product would multiply almost only zeros; looking up gives the same numbers. And the ids have no
gradient: there is no id between 3 and 4.

**Repeated ids add up.** A word that stands ten times in a batch moved ten outputs, and its row gets the sum
of their ten gradients. `dW[ids] = dy` keeps the last one, and so, surprisingly, does `dW[ids] += dy`: NumPy
reads all rows, adds, writes all rows, and a row that is written ten times keeps the last. So the ids are
sorted, and equal ones stand side by side. Then neighbors add up in pairs, as in a tournament, until every id
stands once:

    ids    3 3 3 7 9 9      3   3 7 9      3 7 9          each round halves the longest run: few rounds,
    rows   a b c d e f      a+b c d e+f    a+b+c d e+f    and sums in pairs round less than a long chain

**padding_idx** is the id that only fills up short sequences: its row gets no gradient and stays what it was.

(Bengio et al. 2003, section 2: the matrix C.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import Array, describe

if TYPE_CHECKING:
    from .arrays import Float, Int


class EmbeddingCache(NamedTuple):
    ids: Int[Array, "*batch"]
    weight: Float[Array, "rows features"]
    padding_idx: int | None


def embedding(
    ids: Int[Array, "*batch"], weight: Float[Array, "rows features"], padding_idx: int | None = None
) -> tuple[Float[Array, "*batch features"], EmbeddingCache]:
    """The row of each id, for ids of any shape: (batch, time) -> (batch, time, features).

    Raises IndexError for an id that has no row (negative ones do not count from the end), TypeError for ids
    that are no integers, ValueError for a weight that is not 2-D or a padding_idx that has no row (this one
    may count from the end).
    """
    _check(ids, weight, padding_idx)
    return weight[ids], EmbeddingCache(ids, weight, padding_idx)


def embedding_backward(
    dy: Float[Array, "*batch features"], cache: EmbeddingCache
) -> tuple[None, Float[Array, "rows features"]]:
    """Returns (None, dweight): ids have no gradient. A row that was never looked up gets 0."""
    ids, weight, padding_idx = cache
    order = ids.reshape(-1).argsort(kind="stable")
    dy_rows = dy.reshape(-1, dy.shape[-1])[order]                      # (n, features)
    ordered = ids.reshape(-1)[order]                                   # (n,) equal ids stand side by side
    while True:
        place = np.arange(len(ordered), like=ordered)
        run_start = np.searchsorted(ordered, ordered)                  # the first place that has the same id
        second = (place - run_start) % 2 == 1                          # of a pair; the first is its neighbor
        if not second.any():
            break                                                      # every id stands once
        dy_rows[place[second] - 1] += dy_rows[second]
        ordered, dy_rows = ordered[~second], dy_rows[~second]

    dweight = np.zeros_like(weight)                                    # (rows, features)
    dweight[ordered] = dy_rows                                         # y[n] = weight[ids[n]]
    if padding_idx is not None:
        dweight[padding_idx] = 0
    return None, dweight


def _check(ids: Array, weight: Array, padding_idx: int | None) -> None:
    if weight.ndim != 2:
        raise ValueError(f"embedding expects a 2-D weight (rows, features), got {describe('weight', weight)}")
    rows = weight.shape[0]
    if ids.dtype.kind not in "iu":
        raise TypeError(f"embedding expects integers as ids, got {ids.dtype}")
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise ValueError(
            f"embedding: padding_idx {padding_idx} has no row: there are {rows}, 0 to {rows - 1}"
        )
    wrong = (ids < 0) | (ids >= rows)
    if wrong.any():
        first = int(wrong.argmax())
        where = tuple(int(i) for i in np.unravel_index(first, ids.shape))
        raise IndexError(
            f"embedding: id {int(ids.reshape(-1)[first])} at {where} has no row: there are {rows}, "
            f"0 to {rows - 1}: {describe('ids', ids)}, {describe('weight', weight, ('rows', 'features'))}"
        )
