"""Looks at each network's gradients, trains it, and looks again."""

from __future__ import annotations

import math

import numpy as np

from chainrule.layers import CrossEntropyLoss
from chainrule.look import gradient_flow
from chainrule.training import SGD, train_step

from ..lab import Watch
from .findings import Findings, Run
from .network import Variant, build, variants
from .options import Options
from .task import draw

TESTED, LOOKED_AT = 500, 64  # sequences


def experiment(options: Options, seed: int, watch: Watch) -> Findings:
    """One life for each variant; all begin with the same seed and meet the same sequences."""
    rows = variants(options)
    watch.begin(len(rows) * options.steps)
    with np.errstate(all="ignore"):  # an overflow is a finding here
        return Findings(options, [life(options, variant, seed, watch) for variant in rows])


def life(options: Options, variant: Variant, seed: int, watch: Watch) -> Run:
    """Trains one network on fresh sequences."""
    model, loss = build(options, variant, seed), CrossEntropyLoss()
    optimizer = SGD(model.parameters(), lr=options.lr, momentum=0.9)
    looked_at = draw(np.random.default_rng([seed, 1]), LOOKED_AT, options.length)
    before = gradient_flow(model, *looked_at, loss)
    losses: list[float] = []
    norms: list[float] = []
    generator = np.random.default_rng([seed, 2])
    for _ in range(options.steps):
        ids, answers = draw(generator, options.batch_size, options.length)
        if not losses or math.isfinite(losses[-1]):
            max_norm = options.clip if variant.clipped else None
            result = train_step(model, loss, optimizer, ids, answers, max_norm)
            losses.append(result.loss / result.count)
            norms.append(result.gradient_norm)
        watch.advance(variant.name)
    ids, answers = draw(np.random.default_rng([seed, 3]), TESTED, options.length)
    accuracy = float((model(ids).argmax(-1) == answers).mean())
    return Run(variant, before, gradient_flow(model, *looked_at, loss), losses, norms, accuracy)
