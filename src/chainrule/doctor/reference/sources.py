"""What the reference's parameters can be made of: the subject's arrays, stacks and parts of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from .kinds import Arrays

Shape = tuple[int, ...]


Take = Callable[[Arrays], np.ndarray]


_LAYOUTS = ((3, 2, 0, 1), (0, 3, 1, 2), (1, 0, 2, 3), (2, 1, 0), (0, 2, 1), (1, 0))


_STACKS = (
    ("in_proj|qkv", ("q", "k", "v")),
    ("", ("i", "f", "g", "o")),
    ("", ("i", "f", "c", "o")),
    ("", ("r", "z", "n")),
    ("", ("r", "z", "h")),
)


@dataclass(frozen=True)
class Source:
    """An array made of the subject's own: one of them, a stack or a part of some. Linear in them."""

    label: str
    of: tuple[str, ...]
    take: Take = field(compare=False)
    shape: Shape
    part: str = ""  # which part of its arrays it is: two parts of one array do not exclude each other
    turned: bool = False  # (in, out) where the reference has (out, in)


def sources_of(ours: Arrays, theirs: dict[str, Shape | None]) -> Iterator[Source]:
    singles = [Source(n, (n,), _picking(n), v.shape) for n, v in ours.items()]
    yield from singles
    stacks = list(_stacks(singles))
    yield from stacks
    for whole in [*singles, *stacks]:
        yield from _parts(whole, [s for s in theirs.values() if s])


def _picking(name: str) -> Take:
    return lambda ours: ours[name]


def _stacks(singles: list[Source]) -> Iterator[Source]:
    """q, k, v or the gates' arrays, one below the other."""
    for _, letters in _STACKS:
        groups: dict[tuple[str, Shape], dict[str, Source]] = {}
        for source in singles:
            for letter in letters:
                rest = without(source.label, letter)
                if rest is not None:
                    groups.setdefault((rest, source.shape), {}).setdefault(letter, source)
        for group in groups.values():
            if len(group) == len(letters):
                members = [group[letter] for letter in letters]
                for axis in range(len(members[0].shape)):
                    yield _stacked(members, axis)


def without(name: str, letter: str) -> str | None:
    """`w_o` for the letter o is `w_`; None where the letter does not stand alone in it."""
    last = name.rpartition(".")[2]
    found = re.search(
        rf"(?<![a-z]){letter}(?![a-z])|(?<=[WUb_]){letter}(?![a-z])|(?<=^[wub]){letter}|^{letter}(?=[WUbwu_])",
        last,
    )
    return f"{last[: found.start()]}|{last[found.end() :]}" if found else None


def _stacked(members: list[Source], axis: int) -> Source:
    shape = list(members[0].shape)
    shape[axis] *= len(members)
    takes = [m.take for m in members]
    return Source(
        "[" + ", ".join(m.label for m in members) + "]",
        tuple(m.label for m in members),
        lambda ours: np.concatenate([take(ours) for take in takes], axis),
        tuple(shape),
    )


def _parts(whole: Source, shapes: list[Shape]) -> Iterator[Source]:
    """One array for the input and the hidden state: its first rows and its last."""
    for axis, length in enumerate(whole.shape):
        lengths = {
            n for s in shapes for n in s if n < length and (length - n) in {m for t in shapes for m in t}
        }
        for n in lengths if len(whole.shape) == 2 else ():
            other = whole.shape[1 - axis]
            if not any(sorted(s) == sorted((n, other)) for s in shapes):
                continue
            for part, span in (("first", slice(0, n)), ("last", slice(length - n, length))):
                shape = tuple(n if i == axis else m for i, m in enumerate(whole.shape))
                index = tuple(span if i == axis else slice(None) for i in range(len(whole.shape)))
                yield Source(
                    f"the {part} {n} of {whole.label}",
                    whole.of,
                    _cut(whole.take, index),
                    shape,
                    f"{part} {axis}",
                )


def _cut(take: Take, index: tuple[slice, ...]) -> Take:
    return lambda ours: take(ours)[index]


def fitted(source: Source, shape: Shape | None) -> Iterator[tuple[float, Source]]:
    """(cost, the source brought into a shape): as it is, in another layout of axes, flattened or unfolded."""
    if shape is None:
        yield 0.0, source
        if len(source.shape) == 2:
            yield 0.8, _moved(source, (1, 0))
        return
    if source.shape == shape:
        yield 0.0, source
        if len(shape) == 2 and shape[0] == shape[1]:
            yield 0.1, _moved(source, (1, 0))
        return
    for order in _LAYOUTS:
        if len(order) == len(shape) == len(source.shape) and tuple(source.shape[i] for i in order) == shape:
            yield 0.1, _moved(source, order)
    squeezed = tuple(n for n in shape if n > 1)
    if squeezed == tuple(n for n in source.shape if n > 1):
        yield 0.2, _reshaped(source, shape)
    elif (
        len(source.shape) < len(shape)
        and int(np.prod(shape)) == int(np.prod(source.shape))
        and len(source.shape) > 1
    ):
        if source.shape[0] == shape[0]:
            yield 0.3, _reshaped(source, shape)
        if source.shape[-1] == shape[0]:
            yield (
                0.35,
                _reshaped(_moved(source, (len(source.shape) - 1, *range(len(source.shape) - 1))), shape),
            )


def _moved(source: Source, order: tuple[int, ...]) -> Source:
    take, label = source.take, source.label
    words = f"{label} transposed" if order == (1, 0) else f"{label} with axes {order}"
    shape = tuple(source.shape[i] for i in order)
    return Source(
        words, source.of, lambda ours: take(ours).transpose(order), shape, source.part, order == (1, 0)
    )


def _reshaped(source: Source, shape: Shape) -> Source:
    take = source.take
    return Source(source.label, source.of, lambda ours: take(ours).reshape(shape), shape, source.part)


def orders(blocks: int) -> Iterator[tuple[int, ...]]:
    """All orders of so many blocks but the given one."""
    yield from itertools.islice(itertools.permutations(range(blocks)), 1, None)
