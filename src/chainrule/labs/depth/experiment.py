"""Looks at each network's gradients and activations, then trains it, with and without warm-up."""

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers import CrossEntropyLoss
from chainrule.layers.new import default_dtype
from chainrule.training import Adam
from chainrule.training.schedules import ConstantLR, Schedule, WarmUp

from ..each_position import EachPosition, EachPositionCache
from ..lab import Watch
from ..lessons import learn
from ..reversing import draw_reversed
from .findings import Findings, Look, Run
from .network import Way, build, ways
from .options import Options

TESTED, LOOKED_AT = 200, 64  # sequences
STEP = 1e-7  # of the numerical gradient: so short that hardly a ReLU changes its mind


def experiment(options: Options, seed: int, watch: Watch) -> Findings:
    """All networks begin with the same seed and meet the same sequences."""
    rows = [(way, depth) for way in ways(options) for depth in options.layers]
    watch.begin(2 * len(rows) * options.steps)
    ids, answers = _draw(options, [seed, 1], LOOKED_AT)
    looks = [look(build(options, *row, seed), *row, ids, answers) for row in rows]
    errors = {way.key: gradient_error(options, way, seed, ids, answers) for way in ways(options)}
    runs = [
        life(options, way, depth, warm_up, seed, watch) for way, depth in rows for warm_up in (False, True)
    ]
    return Findings(options, looks, runs, errors)


def look(model: EachPosition, way: Way, depth: int, ids: Array, answers: Array) -> Look:
    """The gradient's norm and the difference of positions, from the embedding to the last layer."""
    x = model.input(ids)
    differ = [difference(x)]
    for layer in model.layers:
        x = layer(x)
        differ.append(difference(x))
    dlogits, cache = loss_gradient(model, ids, answers)
    norms = [float(np.linalg.norm(dx)) for dx in model.arriving(dlogits, cache)]
    return Look(way, depth, norms[::-1], differ)


def difference(x: Array) -> float:
    """How long what positions do not share is, in x (batch, time, features), as a share of the whole."""
    own = x - x.mean(1, keepdims=True)
    return float(np.linalg.norm(own) / np.linalg.norm(x))


def loss_gradient(model: EachPosition, ids: Array, answers: Array) -> tuple[Array, EachPositionCache]:
    """The mean loss's gradient by the logits, and the cache to send it back with."""
    loss = CrossEntropyLoss(axis=-1)
    logits, cache = model.forward(ids)
    _, count, loss_cache = loss.forward(logits, answers)
    dlogits, _ = loss.backward(np.asarray(1 / count, logits.dtype), loss_cache)
    return dlogits, cache


def gradient_error(options: Options, way: Way, seed: int, ids: Array, answers: Array) -> float:
    """Of the deepest network's embedding: backward against a central difference."""
    with default_dtype("float64"):
        model = build(options, way, options.layers[-1], seed)
    loss, table = CrossEntropyLoss(axis=-1), model.input.embedding.weight
    direction = np.random.default_rng(seed).normal(size=table.shape)
    model.backward(*loss_gradient(model, ids, answers))
    analytic = float((table.grad * direction).sum())
    begin, losses = table.data.copy(), []
    for sign in (1, -1):
        table.data[...] = begin + sign * STEP * direction
        losses.append(float(loss(model(ids), answers)))
    numeric = (losses[0] - losses[1]) / (2 * STEP)
    return abs(analytic - numeric) / abs(numeric)


def life(options: Options, way: Way, depth: int, warm_up: bool, seed: int, watch: Watch) -> Run:
    """Trains one network on fresh sequences."""
    model = build(options, way, depth, seed)
    schedule: Schedule = ConstantLR(options.lr)
    if warm_up:
        schedule = WarmUp(schedule, options.warm_up, 1 / options.warm_up)
    generator = np.random.default_rng([seed, 2])
    lesson = learn(
        model,
        Adam(model.parameters(), lr=options.lr),
        lambda: draw_reversed(generator, options.batch_size, options.length, options.symbols),
        _draw(options, [seed, 3], TESTED),
        options.steps,
        watch,
        f"{way.name}, {depth} layers",
        schedule,
    )
    return Run(way, depth, warm_up, lesson)


def _draw(options: Options, seed: list[int], count: int) -> tuple[Array, Array]:
    return draw_reversed(np.random.default_rng(seed), count, options.length, options.symbols)
