"""Models for tests of decoding, small enough to know what they should say."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np

from chainrule.layers import Layer, default_dtype
from chainrule.models import Seq2SeqTransformer

BOS, EOS, PAD = 1, 2, 0


class TableState(NamedTuple):
    table: np.ndarray  # (batch, vocabulary, vocabulary): log p of the next id by the last one
    read: int  # how many ids; it concerns all rows
    nothing: None = None


class Table:
    """What comes next depends on the last id alone, by a table of each row: its "source"."""

    def __init__(self) -> None:
        self.rows: list[int] = []  # how many rows each step had

    def start(self, tables: np.ndarray) -> TableState:
        return TableState(tables, 0)

    def step(self, ids: np.ndarray, state: TableState) -> tuple[np.ndarray, TableState]:
        self.rows.append(len(ids))
        logits = state.table[np.arange(len(ids)), ids[:, -1]]
        return logits + 3.0, state._replace(read=state.read + ids.shape[1])


def table(*rows: dict[int, float], vocabulary: int) -> np.ndarray:
    """(1, vocabulary, vocabulary) logarithms of the probabilities in rows[last id]; what is not said is 0."""
    p = np.zeros((1, vocabulary, vocabulary))
    for last, nexts in enumerate(rows):
        for id, value in nexts.items():
            p[0, last, id] = value
    p[0][p[0].sum(-1) == 0] = 1 / vocabulary  # an id that is never read
    with np.errstate(divide="ignore"):
        return np.log(p)


def random_tables(count: int, vocabulary: int, seed: int = 0) -> np.ndarray:
    p = np.random.default_rng(seed).dirichlet(np.full(vocabulary, 0.7), (count, vocabulary))
    return np.log(p)


def every_sequence(log_p: np.ndarray, max_length: int, never: tuple[int, ...]) -> dict[tuple[int, ...], list]:
    """ids -> the log-probabilities of each and of the end, of all sequences that a table allows."""
    own = [id for id in range(len(log_p)) if id not in (EOS, *never)]
    found = {}
    for length in range(max_length + 1):
        for ids in itertools.product(own, repeat=length):
            path = [BOS, *ids, EOS]
            found[ids] = [log_p[a, b] for a, b in itertools.pairwise(path)]
    return found


SOURCES = [[5, 3, 4, 2], [6, 2], [4, 4, 3, 7, 5, 2], [3, 2], [7, 6, 5, 2]]
LENGTHS = np.array([len(source) for source in SOURCES])


def padded(sources: list[list[int]], longest: int | None = None, fill: int = PAD) -> np.ndarray:
    longest = longest or max(map(len, sources))
    return np.array([source + [fill] * (longest - len(source)) for source in sources])


def opinionated(model: Layer, seed: int, std: float = 0.5) -> Layer:
    """With large random matrices, so that rows differ, and end early or late (the seeds were chosen so)."""
    rng = np.random.default_rng(seed)
    for parameter in model.eval().parameters():
        if len(parameter.shape) > 1:
            parameter.data[...] = rng.normal(0, std, parameter.shape)
    return model


def transformer(seed: int = 26, **options: Any) -> Any:
    """A small Seq2SeqTransformer in float64; 8 ids in the source, 9 in the target."""
    with default_dtype("float64"):
        model = Seq2SeqTransformer(8, 9, 8, 2, 2, 2, 12, **({"dropout": 0.0, "tied": ()} | options))
    return opinionated(model, seed)


def bos(batch: int) -> np.ndarray:
    return np.full((batch, 1), BOS)
