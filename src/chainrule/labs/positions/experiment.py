"""Shuffles what each network reads, trains it, and asks it in longer sequences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.data.batches import IGNORED
from chainrule.functions.arrays import Array
from chainrule.layers.new import default_dtype
from chainrule.training import Adam

from ..each_position import EachPosition
from ..lab import Watch
from ..lessons import learn
from .findings import Findings, Run
from .network import WAYS, Way, build
from .options import Options
from .task import commonest, draw

TESTED = 300  # sequences


def experiment(options: Options, seed: int, watch: Watch) -> Findings:
    """All networks begin with the same seed and meet the same sequences."""
    watch.begin(len(WAYS) * options.steps)
    return Findings(options, [life(options, way, seed, watch) for way in WAYS])


def life(options: Options, way: Way, seed: int, watch: Watch) -> Run:
    """One network: its order sense, its training, and its test."""
    ids, answers = draw(np.random.default_rng([seed, 1]), TESTED, options.length, options)
    with default_dtype("float64"):
        exact = build(options, way, seed)
    shuffled = shuffle(exact, ids, np.random.default_rng([seed, 2]))
    exchanged = exchange(exact, ids)

    model = build(options, way, seed)
    generator, starts = np.random.default_rng([seed, 3]), np.random.default_rng([seed, 4])

    def batch() -> tuple[Any, Array]:
        x, y = draw(generator, options.batch_size, options.length, options)
        last_start = options.longest - options.length
        return (x, int(starts.integers(0, last_start + 1)) if way.moved else 0), y

    lesson = learn(
        model,
        Adam(model.parameters(), lr=options.lr),
        batch,
        (ids, answers),
        options.steps,
        watch,
        way.name,
        enough=math.inf,
    )
    guess = commonest(ids, answers, options.symbols, way.is_causal)
    return Run(way, shuffled, exchanged, lesson, guess, by_position(options, model, seed))


def shuffle(model: EachPosition, ids: Array, generator: Any) -> float:
    """‖f(shuffled ids) - shuffled f(ids)‖ / ‖f(ids)‖: 0 if each output moves along with its symbol."""
    order = generator.permutation(ids.shape[1])
    y = model(ids)
    return float(np.linalg.norm(model(ids[:, order]) - y[:, order]) / np.linalg.norm(y))


def exchange(model: EachPosition, ids: Array) -> float:
    """How much the last output changes, relatively, if the first two ids change places."""
    other = ids.copy()
    other[:, [0, 1]] = ids[:, [1, 0]]
    y = model(ids)[:, -1]
    return float(np.linalg.norm(model(other)[:, -1] - y) / np.linalg.norm(y))


def by_position(options: Options, model: EachPosition, seed: int) -> Array:
    """(time,): which share is right at each position of the longest sequences."""
    ids, answers = draw(np.random.default_rng([seed, 5]), TESTED, options.longest, options)
    right = (model(ids).argmax(-1) == answers).mean(0)
    asked: Array = np.where(answers[0] != IGNORED, right, np.nan)
    return asked
