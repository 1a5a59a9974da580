"""Which length becomes which, when a subject is made smaller.

Everything of one length stays of one length: 64 features are 3 in the input, in the weight and in
`self.hidden_size`. What is a multiple stays one: 4 * 64 gates are 4 * 3, and 4 heads divide what they share.
Images keep what is left over when their sides are divided by a stride.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

SMALL = 8  # lengths up to this one stay: channels of an image, heads, a kernel's width
FEW = 4  # samples, which may be fewer
GATES = (3, 4)  # the multiples that are hardly ever by chance: of GRU and LSTM, query, key and value
MULTIPLES = (2, 3, 4, 5, 6, 8, 12, 16)
LARGEST = 40

Mapping = dict[int, int]
Families = dict[int, dict[int, int]]


@dataclass
class Held:
    """The lengths of what is not an input, and the small numbers that are remembered there: of heads."""

    axes: set[int]  # of arrays
    lengths: set[int]  # and those that are only remembered
    numbers: set[int]


def mappings(inputs: list[np.ndarray], held: Held) -> Iterator[Mapping]:
    """The ways to make inputs smaller, the smallest first."""
    sides = _sides(inputs)
    batch = next((v.shape[0] for v in inputs if v.ndim), 0)
    own = {n for v in inputs for n in v.shape if n > SMALL or n == batch > FEW} - sides
    held_long = {n for n in held.lengths if n > SMALL}
    order = [batch, *[n for v in inputs for n in v.shape]]
    free = own - held.lengths
    found: list[Mapping] = []
    for period in (6, 12, 0):
        images = {n: _side(n, period) for n in sides if period and _side(n, period) < n}
        taken = {n for v in inputs for n in v.shape if n <= SMALL and n not in own} | set(images.values())
        everything = own | held_long - sides
        heads = _fewer_heads(inputs, held)
        for chosen, multiples, fewer, squares in (
            (everything, GATES, heads, False), (everything, GATES, {}, False),
            (everything, MULTIPLES, {}, False), (everything, GATES, {}, True),
            (free, GATES, {}, False), (free & {batch}, GATES, {}, False),
        ):  # fmt: skip
            families = _families(chosen, batch if batch in free else 0, multiples)
            mapping = _small(families, order, taken, held, fewer, squares) | images | fewer
            mapping |= _shares(mapping, held, squares)
            found += [mapping] if mapping and mapping not in found else []
    yield from found


def _fewer_heads(inputs: list[np.ndarray], held: Held) -> Mapping:
    """Two heads for more, where that is a number that only divides: no axis of any array."""
    axes = held.axes | {n for v in inputs for n in v.shape}
    long = [n for n in held.axes if n > SMALL]
    return {k: 2 for k in held.numbers if k > 2 and k not in axes and any(n % k == 0 for n in long)}


def _sides(inputs: list[np.ndarray]) -> set[int]:
    """The heights and widths of images: (batch, channels, height, width) or channels last."""
    found: set[int] = set()
    for value in inputs:
        if value.ndim == 4:
            last = value.shape[1] == value.shape[2] != value.shape[3]
            pair = value.shape[1:3] if last else value.shape[2:]
            found |= {n for n in pair if n > SMALL}
    elsewhere = {n for v in inputs if v.ndim != 4 for n in v.shape}
    return found - elsewhere


def _side(n: int, period: int) -> int:
    return n if n < 2 * period else period + n % period


def _families(lengths: set[int], batch: int, multiples: tuple[int, ...]) -> Families:
    """Each length with how often it holds the smallest of its family; the batch is a family of its own."""
    of: dict[int, tuple[int, int]] = {}
    for n in sorted(lengths - {batch}):
        base = max((k for k in of if n % k == 0 and n // k in multiples), default=None)
        of[n] = (of[base][0], of[base][1] * (n // base)) if base is not None else (n, 1)
    if batch in lengths:
        of[batch] = batch, 1
    families: Families = {}
    for n, (first, times) in of.items():
        families.setdefault(first, {})[n] = times
    return families


def _small(
    families: Families, order: list[int], taken: set[int], held: Held, heads: Mapping, squares: bool
) -> Mapping:
    """Small numbers, all different; a multiple stays a multiple, and what is shared by heads can be."""
    rank = {n: i for i, n in reversed(list(enumerate(order)))}
    used = set(taken)
    found: Mapping = {}
    for first in sorted(families, key=lambda f: min(rank.get(n, len(order)) for n in families[f])):
        members = families[first]
        shared = [k for k in held.numbers if first % k == 0] if first in held.axes else []
        square = squares and any(k * k == first for k in shared)  # 8 heads of 8
        parts = math.lcm(*[heads.get(k, k) for k in shared])
        least = 2 if max(members.values()) > 2 or parts > 1 else 3
        room = (k * k for k in range(2, LARGEST)) if square else (parts * k for k in range(least, LARGEST))
        small = next((k for k in room if not used & {k * times for times in members.values()}), first)
        used |= {small * times for times in members.values()}
        found |= {n: small * times for n, times in members.items() if small * times < n}
    return found


def _shares(mapping: Mapping, held: Held, squares: bool) -> Mapping:
    """32 features of 4 heads are 8 for each: of 8 features, these are 2."""
    numbers = sorted(held.numbers)
    pairs = [(a, b) for a in numbers for b in numbers if b > max(a, FEW) and a * b in mapping]
    parts = {a: mapping.get(a, a) for a in numbers}
    roots = {k: math.isqrt(mapping[k * k]) for k in numbers if squares and k * k in mapping}
    return {b: mapping[a * b] // parts[a] for a, b in pairs if mapping[a * b] % parts[a] == 0} | roots
