"""Embedding: each id looks up its row in a table.

    y[n] = W[ids[n]]          weight W (rows, features)

**It is a linear layer on one-hot vectors.** Let one_hot[n] be all zeros with a 1 in column ids[n]. Then

    y = one_hot @ W,    so by the linear layer's backward    dW = one_hotᵀ @ dy,    dW[v] = Σ over n with ids[n] = v of dy[n]

The matrix product would multiply almost only zeros; looking up gives the same numbers. And the ids have no gradient: there
is no id between 3 and 4.

**Repeated ids add up.** A word that stands ten times in a batch moved ten outputs, and its row gets the sum of their ten
gradients. `dW[ids] = dy` keeps the last one, and so, surprisingly, does `dW[ids] += dy`: NumPy reads all rows, adds, writes
all rows, and a row that is written ten times keeps the last. Here the ids are sorted; equal ones then stand in a run, and
every run is summed up.

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

    Raises IndexError for an id that has no row (negative ones do not count from the end), TypeError for ids that are no
    integers, ValueError for a weight that is not 2-D or a padding_idx that has no row (this one may count from the end).
    """
    _check(ids, weight, padding_idx)
    return weight[ids], EmbeddingCache(ids, weight, padding_idx)


def embedding_backward(
    dy: Float[Array, "*batch features"], cache: EmbeddingCache
) -> tuple[None, Float[Array, "rows features"]]:
    """Returns (None, dweight): ids have no gradient. A row that was never looked up gets 0."""
    ids, weight, padding_idx = cache
    dweight = np.zeros_like(weight)                                    # (rows, features)
    flat = ids.reshape(-1)                                             # (n,)
    dy_rows = dy.reshape(-1, dy.shape[-1])                             # (n, features)
    order = flat.argsort(kind="stable")
    ordered = flat[order]                                              # equal ids now stand in runs
    begins = np.ones_like(ordered, dtype=bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(begins)                                    # (runs,)
    # y[n] = weight[ids[n]]: a row moved every y that looked it up
    dweight[ordered[starts]] = np.add.reduceat(dy_rows[order], starts, axis=0)
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
        raise ValueError(f"embedding: padding_idx {padding_idx} has no row: there are {rows}, 0 to {rows - 1}")
    wrong = (ids < 0) | (ids >= rows)
    if wrong.any():
        first = int(wrong.argmax())
        where = tuple(int(i) for i in np.unravel_index(first, ids.shape))
        raise IndexError(
            f"embedding: id {int(ids.reshape(-1)[first])} at {where} has no row: there are {rows}, 0 to {rows - 1}: "
            f"{describe('ids', ids)}, {describe('weight', weight, ('rows', 'features'))}"
        )
