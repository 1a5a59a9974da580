"""Factories: `make(**sizes)` builds the subject, so other sizes than the given ones can be probed."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from .calling import parameters_of
from .objects import is_layer
from .structure import is_array

PRIMES = (3, 5, 7, 4, 6, 2, 8, 9, 11)


def is_factory(subject: Any) -> bool:
    """A class, or a function that is no layer: something to be called."""
    if isinstance(subject, type):
        return True
    return (
        callable(subject)
        and not is_layer(subject)
        and not isinstance(subject, (tuple, list))
        and inspect.isroutine(subject)
    )


def build(factory: Any, inputs: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...], str]]:
    """(subject, inputs, what was assumed): first with pairwise different sizes, where the factory lets itself
    be varied and the inputs can follow, last with its defaults.
    """
    sizes = {
        p.name: p.default
        for p in parameters_of(factory)
        if isinstance(p.default, int) and not isinstance(p.default, bool) and p.default > 1
    }
    lengths = [n for v in inputs if is_array(v) for n in v.shape]
    collide = len(set(sizes.values())) < len(sizes) or any(lengths.count(n) > 1 for n in sizes.values())
    if sizes and collide:
        for chosen in _choices(sizes):
            for changed in _inputs(inputs, sizes, chosen):
                yield factory(**chosen), changed, f"sizes {chosen}"
    yield factory(), inputs, "its default sizes"


def _choices(sizes: dict[str, int]) -> Iterator[dict[str, int]]:
    """Other sizes: all different, then multiples where one has to divide another."""
    names = list(sizes)
    for offset in range(3):
        yield {n: PRIMES[(i + offset) % len(PRIMES)] for i, n in enumerate(names)}
    for name in names:
        yield {**sizes, name: sizes[name] + 1}
        yield {**sizes, name: sizes[name] * 2}


def _inputs(inputs: tuple[Any, ...], old: dict[str, int], new: dict[str, int]) -> Iterator[tuple[Any, ...]]:
    """The inputs with every axis of an old size given a new one; ambiguous axes in every way."""
    axes = [(i, axis, n) for i, v in enumerate(inputs) if is_array(v) for axis, n in enumerate(v.shape)]
    options = []
    for _, _, n in axes:
        fits = [new[name] for name, size in old.items() if size == n]
        options.append(list(dict.fromkeys([*fits, n if n > 1 else 2])))
    for lengths in itertools.islice(itertools.product(*options), 24):
        shapes: dict[int, list[int]] = {}
        for (i, _, _), length in zip(axes, lengths, strict=True):
            shapes.setdefault(i, []).append(length)
        yield tuple(_resized(v, tuple(shapes[i])) if i in shapes else v for i, v in enumerate(inputs))


def _resized(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if value.shape == shape:
        return value
    rng = np.random.default_rng([5, 8_191])
    if np.issubdtype(value.dtype, np.floating):
        return rng.normal(size=shape) * (float(value.std()) or 1.0) + float(value.mean())
    return np.resize(value, shape)
