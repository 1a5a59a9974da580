"""Every cell learns to add, for every length."""

from __future__ import annotations

import math

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers import MSELoss
from chainrule.look import gradient_flow
from chainrule.training import Adam, train_step

from ..lab import Watch
from ..many_to_one import ManyToOne
from .cells import CELLS, Cell, build
from .findings import SOLVED, Findings, Run
from .options import Options
from .task import MEAN, draw

TESTED, TESTS, LOOKED_AT = 1000, 60, 32  # sequences; tests in a run; sequences whose gradients are looked at
ENOUGH = 5  # so many tests in a row that are solved: it need not train on


def experiment(options: Options, seed: int, watch: Watch) -> Findings:
    """All cells meet the same sequences."""
    watch.begin(len(CELLS) * len(options.times) * len(when_tested(options.steps)))
    with np.errstate(all="ignore"):  # an overflow is a finding here
        runs = [life(options, cell, time, seed, watch) for time in options.times for cell in CELLS]
    return Findings(options, runs)


def when_tested(steps: int) -> list[int]:
    """Evenly, and after the last step."""
    every = max(1, steps // TESTS)
    return [*range(every, steps, every), steps]


def life(options: Options, cell: Cell, time: int, seed: int, watch: Watch) -> Run:
    """Trains one network on fresh sequences, and tests it now and then, until it has learned."""
    model, loss = build(options, cell, seed), MSELoss()
    lr = options.lr_gated if cell.gated else options.lr_plain
    optimizer = Adam(model.parameters(), lr=lr)
    x, sums = draw(np.random.default_rng([seed, time, 0]), TESTED, time)
    looked_at = x[:LOOKED_AT], sums[:LOOKED_AT]
    before = gradient_flow(model, *looked_at, loss).time_growth
    steps, errors = [0], [_error(model, x, sums)]
    generator = np.random.default_rng([seed, time, 1])
    for test in when_tested(options.steps):
        if math.isfinite(errors[-1]) and not all(error < SOLVED for error in errors[-ENOUGH:]):
            for _ in range(test - steps[-1]):
                train_step(model, loss, optimizer, *draw(generator, options.batch_size, time), options.clip)
            steps.append(test)
            errors.append(_error(model, x, sums))
        watch.advance(f"{cell.name}, {time} steps")
    after = gradient_flow(model, *looked_at, loss).time_growth
    parameters = sum(parameter.data.size for parameter in model.parameters())
    guess = float(np.square(sums - MEAN).mean())
    return Run(cell, time, steps, errors, guess, parameters, before, after)


def _error(model: ManyToOne, x: Array, sums: Array) -> float:
    return float(np.square(model(x) - sums).mean())
