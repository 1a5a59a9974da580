"""An explanation of a mismatch, and the changes of an array that several explanations are made of."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .sources import Shape

Change = Callable[[np.ndarray], np.ndarray]


@dataclass
class Explanation:
    """One change under which subject and reference are equal. detail: that, in words."""

    code: str
    detail: str
    evidence: dict[str, Any] = field(default_factory=dict)
    verified: bool = True
    fix: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Rearranged:
    """The same numbers in other places."""

    words: str
    change: Change = field(compare=False)
    kind: str  # "axes": transposed; "reshape": a reshape too few or too many of its axes exchanged
    via: Shape = ()


def rearranged(shape: Shape, target: Shape, through: Iterable[Shape] = ()) -> Iterator[Rearranged]:
    """All ways from a shape to a shape that only move numbers: exchanged axes, then reshapes with exchanged
    axes through one of some shapes.
    """
    axes = range(len(shape))
    if len(shape) <= 5:
        for order in itertools.permutations(axes):
            if order != tuple(axes) and tuple(shape[i] for i in order) == target:
                yield Rearranged(_order_words(order), _transposing(order, target), "axes", shape)
    for via in _permuted(target):
        order = _way_back(via, target)
        if via not in (shape, target):
            words = f"reshaped to {via}, then with its axes in the order {order}"
            yield Rearranged(words, _through(via, order, target), "reshape", via)
    for via in dict.fromkeys([shape, *through]):
        if len(via) > 6 or len(via) < 2 or int(np.prod(via)) != int(np.prod(shape)):
            continue
        for order in itertools.permutations(range(len(via))):
            moved = tuple(via[i] for i in order)
            if order == tuple(range(len(via))) or (via == shape and moved == target):
                continue
            first = f"reshaped to {via}, with its axes" if via != shape else "its axes"
            words = f"{first} in the order {order}, then reshaped to {target}"
            yield Rearranged(words, _through(via, order, target), "reshape", via)


def _permuted(shape: Shape) -> list[Shape]:
    return list(dict.fromkeys(itertools.permutations(shape))) if 2 <= len(shape) <= 5 else []


def _way_back(via: Shape, target: Shape) -> tuple[int, ...]:
    """The order of axes that makes `target` of its permutation `via`; equal lengths keep their order."""
    free = list(range(len(via)))
    order = []
    for n in target:
        order.append(next(i for i in free if via[i] == n))
        free.remove(order[-1])
    return tuple(order)


def _transposing(order: tuple[int, ...], target: Shape) -> Change:
    return lambda a: a.transpose(order).reshape(target)


def _through(via: Shape, order: tuple[int, ...], target: Shape) -> Change:
    return lambda a: a.reshape(via).transpose(order).reshape(target)


def _order_words(order: tuple[int, ...]) -> str:
    moved = [i for i, o in enumerate(order) if i != o]
    if len(moved) == 2:
        last = len(order) - 1
        if moved == [last - 1, last]:
            return "the last two axes exchanged" if len(order) > 2 else "its two axes exchanged"
        return f"axes {moved[0]} and {moved[1]} exchanged"
    return f"its axes in the order {order}"


def factored(shape: Shape, axis: int, lengths: Iterable[int]) -> Iterator[Shape]:
    """A shape with one axis split into two or three of some lengths."""
    n = shape[axis]
    known = sorted({k for k in lengths if 1 < k < n and n % k == 0})
    for a in known:
        yield (*shape[:axis], a, n // a, *shape[axis + 1 :])
    for a, b in itertools.product(known, repeat=2):
        if n % (a * b) == 0 and n // (a * b) > 1:
            yield (*shape[:axis], a, b, n // (a * b), *shape[axis + 1 :])


def scaling(factor: float) -> Change:
    return lambda a: factor * a


def flipping(axes: tuple[int, ...]) -> Change:
    return lambda a: np.flip(a, axes)


def taking(index: list[int] | np.ndarray, axis: int) -> Change:
    return lambda a: np.take(a, index, axis)


def filling(value: float) -> Change:
    return lambda a: np.full(a.shape, value)


def code_of(way: Rearranged, heads: bool) -> str:
    """What it means that numbers stand in other places; heads: there are four axes, attention's."""
    if way.kind == "axes":
        return "transpose-missing"
    return "head-merge-scrambled" if heads and len(way.via) >= 4 else "reshape-for-transpose"


def number(x: float) -> str:
    return f"{x:.6g}"
