"""Rows that repeat are multiplied once.

The input of a language model's first layer looks like 2,048 rows, but each is one of, say, 65: the embedding
of a letter. What a layer computes of its input alone, x @ weight.T, can take but 65 values, too. So the
product is made for the distinct rows, and looked up for all; and its gradient, da.T @ x, is a sum over the
distinct rows: each times the sum of da over all places where it stands.

Finding the rows costs about one look at x: a table remembers where a row with this hash stood first, and rows
count as equal only if all their bits are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array

from .compiler import compiled

WORTH_IT = 4  # how often a row must repeat on average
HASH_FACTOR = np.uint32(2654435761)  # 2³² / golden ratio: neighbors in, far apart out


class Repeated(NamedTuple):
    """x = distinct[place]."""

    distinct: Array  # (distinct, features)
    place: Array  # (rows,)


def find_repeats(x: Array) -> Repeated | None:
    """None if the rows of x (rows, features) repeat less than four times on average."""
    first, place, count = _find(x.view(np.uint32), len(x) // WORTH_IT)
    return Repeated(x[first[:count]], place) if count else None


def project(x: Array, repeated: Repeated | None, weight: Array) -> Array:
    """x @ weight.T."""
    y: Array = x @ weight.T if repeated is None else (repeated.distinct @ weight.T)[repeated.place]
    return y


def project_backward(da: Array, x: Array, repeated: Repeated | None) -> Array:
    """dweight = da.T @ x."""
    if repeated is not None:
        x, place = repeated
        sums = np.zeros((len(x), da.shape[1]), da.dtype)
        _sum_at(sums, place, da)
        da = sums
    dweight: Array = da.T @ x
    return dweight


@compiled()
def _find(bits: Any, most: int) -> tuple[Any, Any, int]:
    """(where each distinct row stands first, which of them each row is, how many); 0 if more than `most`."""
    rows, features = bits.shape
    size = 1
    while size < 4 * most + 4:
        size *= 2
    table = np.full(size, -1, np.int64)  # hash -> number of a distinct row
    first = np.empty(most, np.int64)
    place = np.empty(rows, np.int64)
    count = 0
    for n in range(rows):
        row = bits[n]
        key = np.uint32(0)
        for k in range(features):
            key = (key ^ row[k]) * HASH_FACTOR
            key ^= key >> np.uint32(15)
        slot = np.int64(key) & (size - 1)
        while table[slot] >= 0 and not _same(bits[first[table[slot]]], row):
            slot = (slot + 1) & (size - 1)  # taken by another row: the next slot
        if table[slot] < 0:
            if count == most:
                return first, place, 0
            table[slot] = count
            first[count] = n
            count += 1
        place[n] = table[slot]
    return first, place, count


@compiled()
def _same(a: Any, b: Any) -> Any:
    different = np.uint32(0)
    for k in range(len(a)):
        different |= a[k] ^ b[k]
    return different == 0


@compiled()
def _sum_at(sums: Any, place: Any, rows: Any) -> None:
    """sums[place[n]] += rows[n] for every n."""
    for n in range(len(rows)):
        into, row = sums[place[n]], rows[n]
        for k in range(len(row)):
            into[k] += row[k]
