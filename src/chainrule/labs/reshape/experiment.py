"""Follows the numbers of a small example, then the gradients and the learning of two networks."""

from __future__ import annotations

import numpy as np

from chainrule.data import ArrayBatches
from chainrule.functions.arrays import Array
from chainrule.layers import CrossEntropyLoss
from chainrule.training import Adam

from ..digits import standardized_digits
from ..lab import Watch
from ..training import train_epochs
from .findings import Example, Findings, Run
from .network import WAYS, How, ReadsDigits, build, to_rows
from .options import Options

SAMPLES = 6  # whose influence on each other is measured
STEP = 1e-5  # of the numerical gradient


def experiment(options: Options, seed: int, watch: Watch) -> Findings:
    """The small example, then a life for each way."""
    train, test = ((images[:, 0], labels) for images, labels in standardized_digits())
    watch.begin(len(WAYS) * options.epochs)
    runs = {how: life(options, how, seed, train, test, watch) for how in WAYS}
    return Findings(options, follow(options, seed), runs, len(test[1]))


def follow(options: Options, seed: int) -> Example:
    """A state of random numbers with two digits, and where each of them goes."""
    columns = np.random.default_rng(seed).integers(10, 100, (options.units, options.batch))
    owner = np.broadcast_to(np.arange(options.batch), columns.shape)
    return Example(
        columns, {how: to_rows(columns, how) for how in WAYS}, {how: to_rows(owner, how) for how in WAYS}
    )


def life(
    options: Options,
    how: How,
    seed: int,
    train: tuple[Array, Array],
    test: tuple[Array, Array],
    watch: Watch,
) -> Run:
    """Looks at one network's gradients, then trains it."""
    exact = build(train[0].shape[-1], options.hidden, how, seed, "float64")
    x, labels = train[0][:SAMPLES].astype(np.float64), train[1][:SAMPLES]
    influence = influences(exact, x, labels)
    error = gradient_error(exact, x, labels, seed)
    model = build(train[0].shape[-1], options.hidden, how, seed)
    optimizer = Adam(model.parameters(), lr=options.lr)
    batches = ArrayBatches(*train, batch_size=options.batch_size, seed=seed)
    losses, accuracies = [], []
    in_order = np.arange(len(test[1]))
    for epoch in train_epochs(model, optimizer, batches, options.epochs, seed):
        losses.append(epoch.loss)
        accuracies.append(_right(model, test, in_order, options.batch_size))
        watch.advance(how)
    other_company = np.random.default_rng(seed).permutation(len(in_order))
    first = predictions(model, test[0], in_order, options.batch_size)
    second = predictions(model, test[0], other_company, options.batch_size)
    return Run(
        how,
        influence,
        error,
        losses,
        accuracies,
        alone=_right(model, test, in_order, 1),
        changed=float((first != second).mean()),
    )


def influences(model: ReadsDigits, x: Array, labels: Array) -> Array:
    """Row i: the norm of ∂(loss of sample i) / ∂(input of sample j), for every j."""
    loss, rows = CrossEntropyLoss(), []
    for i in range(len(x)):
        y, cache = model.forward(x)
        _, _, loss_cache = loss.forward(y, labels)
        dy, *_ = loss.backward(np.asarray(1.0), loss_cache)
        only = np.zeros_like(dy)
        only[i] = dy[i]  # the sum of all losses, and of it sample i's term alone
        rows.append(np.sqrt(np.square(model.backward(only, cache)).sum((1, 2))))
    return np.stack(rows)


def gradient_error(model: ReadsDigits, x: Array, labels: Array, seed: int) -> float:
    """Backward against a central difference in a random direction, relative."""
    loss = CrossEntropyLoss(reduction="sum")
    direction = np.random.default_rng(seed).normal(size=x.shape)
    y, cache = model.forward(x)
    _, _, loss_cache = loss.forward(y, labels)
    dy, *_ = loss.backward(np.asarray(1.0), loss_cache)
    analytic = float((model.backward(dy, cache) * direction).sum())
    above, below = (float(loss(model(x + sign * STEP * direction), labels)) for sign in (1, -1))
    return abs(analytic - (above - below) / (2 * STEP)) / abs(analytic)


def predictions(model: ReadsDigits, images: Array, order: Array, batch_size: int) -> Array:
    """The predicted class of each image; `order` says who is in a batch with whom."""
    found = np.empty(len(images), np.int64)
    for begin in range(0, len(order), batch_size):
        rows = order[begin : begin + batch_size]
        found[rows] = model(images[rows]).argmax(-1)
    return found


def _right(model: ReadsDigits, test: tuple[Array, Array], order: Array, batch_size: int) -> float:
    return float((predictions(model, test[0], order, batch_size) == test[1]).mean())
