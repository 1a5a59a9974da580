"""Measures the softmax on random queries and keys, then lets networks learn with the scale and without."""

from __future__ import annotations

import numpy as np

from chainrule.training import SGD, Adam, Optimizer

from ..lab import Watch
from ..lessons import learn
from ..reversing import draw_reversed
from .findings import Findings, Run
from .network import build, spread
from .options import Options
from .softmax import choose

SIZES = (4, 8, 16, 32, 64, 128, 256, 512)  # d_k in the formula's part
TESTED = 200  # sequences


def experiment(options: Options, seed: int, watch: Watch) -> Findings:
    """All networks begin with the same seed and meet the same sequences."""
    watch.begin(2 * len(options.sizes) * options.steps)
    choices = {
        scaled: [choose(d_k, options.keys, None if scaled else options.scale, seed) for d_k in SIZES]
        for scaled in (True, False)
    }
    runs = [life(options, d_k, scaled, seed, watch) for d_k in options.sizes for scaled in (True, False)]
    return Findings(options, choices, runs)


def life(options: Options, d_k: int, scaled: bool, seed: int, watch: Watch) -> Run:
    """Trains one network on fresh sequences."""
    model = build(options, d_k, None if scaled else options.scale, seed)
    optimizer: Optimizer = (
        Adam(model.parameters(), lr=options.lr)
        if options.optimizer == "adam"
        else SGD(model.parameters(), lr=options.lr, momentum=0.9)
    )
    shape = options.length, options.symbols
    generator = np.random.default_rng([seed, 1])
    tested = draw_reversed(np.random.default_rng([seed, 2]), TESTED, *shape)
    before = spread(model, tested[0])
    lesson = learn(
        model,
        optimizer,
        lambda: draw_reversed(generator, options.batch_size, *shape),
        tested,
        options.steps,
        watch,
        f"d_k {d_k}, {'1 / √d_k' if scaled else f'× {options.scale:g}'}",
    )
    return Run(d_k, scaled, before, spread(model, tested[0]), lesson)
