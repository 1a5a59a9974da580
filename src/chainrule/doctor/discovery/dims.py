"""The sizes that shapes are made of. All different, so that a transpose shows; those of an object that is
there already are read from its arrays and numbers.

    B batch   T time   S length of a memory   f features   h hidden   o outputs   V vocabulary   K classes
    C channels   F filters   k kernel   H height   W width   L length of a signal   A heads   N layers
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..objects import stored_attributes

DEFAULT: dict[str, list[int]] = {
    "B": [2],
    "T": [4],
    "S": [7],
    "f": [5, 8, 6],
    "h": [6, 8],
    "o": [3],
    "V": [11],
    "K": [3],
    "C": [2, 3, 1, 4],
    "F": [4],
    "k": [3, 2],
    "H": [8],
    "W": [6],
    "L": [9, 8],
    "A": [2],
    "N": [2],
    "d": [4],
    "1": [1],
}

# which names of numbers tell which size
_NAMES = (
    ("B", r"batch"),
    (
        "T",
        r"(seq|time|steps?|context|block|window|max).*(len|size|steps)|^length$|longest|^n_?steps$|^time_?steps$|^T$|^horizon$",
    ),
    ("V", r"vocab|n_?(words|tokens|symbols|chars)|num_?(embeddings|tokens|words)|dictionary"),
    ("K", r"class|labels|tags|categories|n_?actions"),
    ("A", r"head(?!_?(dim|size|width))s?$|^h$"),
    ("C", r"^(n_?|num_?|in_?)?(channels?|chans?|maps)$|^c_?in$|^in_?c(h|hannels)?$|^depth$|channels"),
    ("h", r"hid|state|units|neurons|inner|^(d_?)?ff|^n_?h$|rnn_size"),
    ("o", r"(^|_)out|^n_?y$|^o$"),
    (
        "f",
        r"in(put)?(_|$|s)|^n_?x$|feat|dim|model|width|size|embed|visible|obs|sensors|pixels|^d$|^n$|^d_|_d$",
    ),
)


def kind_of_size(name: str) -> str:
    """The letter of the size that a number of this name is; "" if the name does not tell."""
    bare = name.strip("_")
    for letter, pattern in _NAMES:
        if re.search(pattern, bare, re.I if bare not in ("T", "h") else 0):
            return letter
    return ""


class Dims:
    """Which lengths each kind of axis may have, the most plausible first."""

    def __init__(self, step: float = 0.15) -> None:
        """step: what the next length costs more; much, where any length will do."""
        self.step = step
        self.of = {letter: list(values) for letter, values in DEFAULT.items()}
        self.shapes: list[tuple[int, ...]] = []  # that the object was told
        self.square: list[int] = []  # sides of images, where the sizes of the layers tell them
        self.named: dict[str, int] = {}  # numbers of the object
        self.known = False

    def prefer(self, letter: str, *values: int) -> None:
        self.of[letter] = list(dict.fromkeys([*values, *self.of.get(letter, [])]))

    def of_made(self, shapes: list[tuple[int, ...]]) -> None:
        """Sizes of parameters that stand beside the inputs."""
        sizes = dict.fromkeys(n for shape in shapes for n in shape if n > 1)
        self.step = min(self.step, 0.15)
        self.prefer("f", *sizes)
        self.prefer("h", *sizes)

    @staticmethod
    def of_object(subject: Any, named: dict[str, Any]) -> Dims:
        """Sizes of an object. named: the numbers it was built with, by name."""
        dims = Dims()
        tuples = [
            (n, v)
            for n, v in named.items()
            if isinstance(v, tuple) and v and all(isinstance(i, int) for i in v)
        ]
        dims.shapes = [
            v for n, v in tuples if re.search(r"in(put)?_?(shape|size)|image_?(shape|size)|^shape", n)
        ]
        features: list[int] = []
        channels: list[int] = []
        numbers = {n: v for n, v in _numbers(subject) if n not in named} | _whole(named)
        dims.named = numbers
        for name, value in numbers.items():
            letter = kind_of_size(name)
            if letter and letter not in ("o", "A"):
                dims.prefer(letter, value)
            if letter in ("f", "h", "K", "o", "") and value > 1:
                features.append(value)
        features.sort(key=lambda v: 0 if v in dims.of["f"] and v not in DEFAULT["f"] else 1)
        shapes = [np.shape(p.get()) for p in places(subject)]
        rows: list[int] = []
        for shape in shapes:
            if len(shape) == 2:
                rows.append(shape[0])
                features += [n for n in shape if n > 1]
            elif len(shape) >= 3:
                channels += [shape[1], shape[-2], shape[0], shape[-1]]
                features += list(shape)
            elif len(shape) == 1:
                features += shape
        if shapes:
            dims.known = True
            own = [n for n in features if n > 0]
            dims.prefer("f", *own)
            dims.prefer("h", *[v for n, v in numbers.items() if kind_of_size(n) == "h"], *own)
            dims.prefer("C", *([v for n, v in numbers.items() if kind_of_size(n) == "C"]), *channels)
        if rows and not any(kind_of_size(n) == "V" for n in numbers):
            dims.of["V"] = [max(rows), min(rows)]
        dims.square = _sides(set(features), dims.of["C"][:3])
        return dims

    def expand(self, template: tuple[str, ...], most: int = 12) -> Iterator[tuple[tuple[int, ...], float]]:
        """Shapes for a template of letters and of expressions of them (`4*h`, `f+h`), with their cost; one
        letter has one length within a shape.
        """
        letters = list(dict.fromkeys(re.findall(r"[A-Za-z]", " ".join(template))))
        options = [
            [(n, self.step * i) for i, n in enumerate(self.of.get(letter, [5])[:8])] for letter in letters
        ]
        combined = sorted(itertools.product(*options), key=lambda c: sum(cost for _, cost in c))
        for combination in combined[:most]:
            length = {letter: n for letter, (n, _) in zip(letters, combination, strict=True)}
            yield tuple(_value(axis, length) for axis in template), sum(cost for _, cost in combination)


def _value(axis: str, length: dict[str, int]) -> int:
    """The length of an axis: `h`, `1`, `4h`, `4*h`, `f+h`."""
    total = 0
    for term in axis.split("+"):
        product = 1
        for factor in re.findall(r"\d+|[A-Za-z]", term):
            product *= int(factor) if factor.isdigit() else length[factor]
        total += product
    return total


def _numbers(subject: Any) -> Iterator[tuple[str, int]]:
    for name, value in stored_attributes(subject).items():
        if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and 0 < value < 5000:
            yield name, int(value)


def _whole(named: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, value in named.items():
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            found[name] = value
        elif isinstance(value, (tuple, list)) and value and all(isinstance(v, int) for v in value):
            found[f"in_{name}"] = value[0]
    return found


def _sides(features: set[int], channels: list[int]) -> list[int]:
    """28 for a layer of 784 inputs, 13 for one of 8 * 13 * 13."""
    sides = set()
    for size in features:
        for channel in {1, *channels}:
            side = round((size / channel) ** 0.5)
            if side >= 3 and side * side * channel == size:
                sides.add(side)
    return sorted(sides)
