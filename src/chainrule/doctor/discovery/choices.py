"""Arguments that have not been chosen yet: a slot has a name and choices, the most plausible first."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """One value. make: builds it, anew each time; an array is also made with other numbers, make(1), where
    another argument has these. said: how it is told. cost: 0 for what is most plausible.
    """

    make: Callable[..., Any]
    said: str
    cost: float = 0.0
    code: str = ""  # the expression that makes it, for a check_ function
    value: Any = None
    shape: Shape | None = None  # of an array

    @property
    def rank(self) -> int | None:
        """Of an array, its number of axes."""
        return None if self.shape is None else len(self.shape)


@dataclass
class Slot:
    """An argument with its choices. keyword: it is handed over by name. star: it is a list of arguments.
    within: the argument, a dict, whose item this is. method: whose argument it is, if not the constructor's.
    """

    name: str
    choices: list[Choice] = field(default_factory=list)
    keyword: bool = False
    star: bool = False
    within: str = ""
    method: str = ""

    def sort(self, most: int = 60) -> None:
        """The most plausible first, each only once."""
        best: dict[str, Choice] = {}
        for choice in self.choices:
            if choice.said not in best or choice.cost < best[choice.said].cost:
                best[choice.said] = choice
        self.choices = sorted(best.values(), key=lambda c: c.cost)[:most]


def plain(value: Any, cost: float = 0.0, said: str | None = None) -> Choice:
    """A number, text, tuple or None."""
    return Choice(lambda: value, said or repr(value), cost, repr(value), value)


def generator(cost: float = 0.0) -> Choice:
    code = "np.random.default_rng(0)"
    return Choice(lambda: np.random.default_rng(0), "default_rng(0)", cost, code)


def old_generator(cost: float = 0.0) -> Choice:
    code = "np.random.RandomState(0)"
    return Choice(lambda: np.random.RandomState(0), "RandomState(0)", cost, code)


def numbers(values: Iterable[Any], cost: float = 0.0, step: float = 1.0) -> list[Choice]:
    return [plain(value, cost + step * i) for i, value in enumerate(values)]


def array(kind: str, shape: Shape, cost: float = 0.0, upper: int = 0) -> Choice:
    """An array of a kind: normal, positive, unit (0 to 1), probabilities, one_hot, ids, mask, ..."""
    words = {
        "normal": "",
        "ids": f"ids below {upper} ",
        "labels": f"labels below {upper} ",
        "one_hot": "one-hot ",
        "probabilities": "probabilities ",
        "columns": "probabilities in columns ",
        "binary": "zeros and ones ",
        "unit": "between 0 and 1 ",
        "positive": "positive ",
        "keep": "mask, True but for the last ",
        "drop": "mask, True for the last ",
        "causal": "causal mask ",
        "lengths": "lengths ",
        "zeros": "zeros ",
        "float mask": "mask of ones, 0 for the last ",
        "one_hot columns": "one-hot columns ",
        "booleans": "True and False ",
        "adjacency": "symmetric ",
        "gappy": "one number missing ",
    }
    said = f"{words[kind]}{shape}"
    code = _code(kind, shape, upper)
    return Choice(lambda draw=0: make_array(kind, shape, upper, draw), said, cost, code, shape=shape)


def make_array(kind: str, shape: Shape, upper: int = 0, draw: int = 0) -> Any:
    """The array itself, a new one; the same numbers for the same kind, shape and draw."""
    return _drawn(kind, shape, upper, draw).copy()


@functools.lru_cache(2048)
def _drawn(kind: str, shape: Shape, upper: int, draw: int) -> Any:
    rng = np.random.default_rng([len(shape), *shape, sum(map(ord, kind)), *[draw] * (draw > 0)])
    last = shape[-1] if shape else 1
    match kind:
        case "ids" | "labels":
            ids = rng.integers(0, max(upper, 1), shape)
            flat = ids.reshape(-1)
            if flat.size > 2:
                flat[2] = flat[0]  # a repeated id
            if ids.ndim > 1 and len(ids) > 1:
                ids[1, 0] = ids[0, 0]  # in a column, too
            return ids
        case "positive":
            return rng.uniform(0.5, 1.5, shape)
        case "unit":
            return rng.uniform(0.1, 0.9, shape)
        case "probabilities":
            e = np.exp(rng.normal(size=shape))
            return e / e.sum(-1, keepdims=True)
        case "columns":
            e = np.exp(rng.normal(size=shape))
            return e / e.sum(0, keepdims=True)
        case "one_hot":
            return np.eye(last)[rng.integers(0, last, shape[:-1])]
        case "one_hot columns":
            return np.eye(shape[0])[rng.integers(0, shape[0], shape[1:])].T
        case "binary":
            return (rng.uniform(size=shape) < 0.5).astype(float)
        case "keep" | "drop" | "float mask":
            mask = np.ones(shape, bool)
            if last > 1 and shape[0] > 1:
                mask[-1, ..., -1] = False
            return mask.astype(float) if kind == "float mask" else (mask if kind == "keep" else ~mask)
        case "booleans":
            return rng.uniform(size=shape) < 0.5
        case "adjacency":
            links = (rng.uniform(size=shape) < 0.6) | (np.eye(shape[0]) > 0)
            return (links | links.T).astype(float) / shape[0]
        case "causal":
            return np.broadcast_to(np.tril(np.ones(shape[-2:], bool)), shape).copy()
        case "lengths":
            return np.maximum(upper - np.arange(shape[0]), 1)
        case "zeros":
            return np.zeros(shape)
        case "gappy":
            gappy = rng.normal(size=shape)
            gappy[(-1,) * len(shape)] = np.nan
            return gappy
    return np.asarray(rng.normal(size=shape))


def _code(kind: str, shape: Shape, upper: int) -> str:
    match kind:
        case "ids" | "labels":
            return f"np.random.default_rng(0).integers(0, {upper}, size={shape})"
        case "probabilities" | "unit" | "positive":
            return f"np.random.default_rng(0).uniform(0.1, 0.9, size={shape})"
        case "keep" | "drop" | "causal" | "float mask" | "booleans":
            return f"np.ones({shape}, bool)"
        case "zeros":
            return f"np.zeros({shape})"
        case "lengths":
            return f"np.array({make_array(kind, shape, upper).tolist()})"
    return f"np.random.default_rng(0).normal(size={shape})" if shape else "np.array(0.3)"
