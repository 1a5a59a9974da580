"""Trains networks from each kind of weights, and looks at them before, meanwhile and in the end."""

from __future__ import annotations

import math

import numpy as np

from chainrule.data import ArrayBatches
from chainrule.functions import softmax
from chainrule.functions.arrays import Array
from chainrule.layers import CrossEntropyLoss
from chainrule.training import SGD, Adam, evaluate

from ..digits import standardized_digits
from ..lab import Watch
from ..training import train_epochs
from .anatomy import dissect
from .findings import Findings, Run
from .network import Start, build, ways_to_start
from .options import SLOPES, Options


def experiment(options: Options, seed: int, watch: Watch) -> Findings:
    """Trains `options.runs` networks from each kind of initial weights."""
    train, test = standardized_digits()
    starts = ways_to_start(options)
    watch.begin(len(starts) * options.runs * options.epochs)
    with np.errstate(all="ignore"):  # an overflow is a finding here
        runs = {
            start.name: [life(options, start, seed + i, train, test, watch) for i in range(options.runs)]
            for start in starts
        }
    prior = np.bincount(train[1]) / len(train[1])
    return Findings(options, starts, runs, prior, len(test[1]))


def life(
    options: Options,
    start: Start,
    seed: int,
    train: tuple[Array, Array],
    test: tuple[Array, Array],
    watch: Watch,
) -> Run:
    """Trains one network, and looks at it before, after every epoch, and in the end."""
    model = build(options, start, seed)
    slope = SLOPES[options.activation]
    before = dissect(model, slope, *test)
    if options.optimizer == "sgd":
        optimizer: SGD | Adam = SGD(model.parameters(), lr=options.lr, momentum=0.9)
    else:
        optimizer = Adam(model.parameters(), lr=options.lr)

    loss = CrossEntropyLoss()
    share: list[float] = []
    favorite: list[int] = []
    accuracy: list[float] = []
    train_loss: list[float] = []
    overflow = None

    def look() -> Array:
        scores = evaluate(model, loss, [test])
        counts = np.bincount(scores.predictions)
        share.append(float(counts.max() / len(scores.labels)))
        favorite.append(int(counts.argmax()))
        accuracy.append(scores.accuracy)
        return scores.logits

    logits = look()
    train_loss.append(evaluate(model, loss, [train]).loss)
    for epoch in train_epochs(
        model, optimizer, ArrayBatches(*train, batch_size=32, seed=seed), options.epochs, seed
    ):
        logits = look()
        train_loss.append(epoch.loss)
        if not math.isfinite(epoch.loss):
            overflow = epoch.step
        watch.advance(start.name)
    for _ in range(options.epochs + 1 - len(share)):  # NaN stays NaN: no need to compute it
        favorite.append(favorite[-1])
        for numbers in (share, accuracy, train_loss):
            numbers.append(numbers[-1])
        watch.advance(start.name)

    probabilities, _ = softmax(logits.astype(np.float64))
    return Run(
        start.name,
        share,
        favorite,
        accuracy,
        train_loss,
        predictions=np.bincount(logits.argmax(-1), minlength=logits.shape[1]),
        probabilities=probabilities.mean(0),
        probability_range=float(np.ptp(probabilities, axis=0).max()),
        before=before,
        after=dissect(model, slope, *test),
        overflow=overflow,
    )
