"""Trains a network with each of the five ways to draw a mask, and measures."""

from __future__ import annotations

import numpy as np

from chainrule.data import ArrayBatches, stratified_split
from chainrule.functions.arrays import Array
from chainrule.layers import CrossEntropyLoss, randomness
from chainrule.training import Adam, Evaluation, evaluate

from ..digits import standardized_digits
from ..lab import Watch
from ..training import train_epochs
from .averaging import average_over_masks
from .findings import Findings, Run
from .network import build, distance_moved
from .options import Options
from .variants import VARIANTS, Variant


def experiment(options: Options, seed: int, watch: Watch) -> Findings:
    """Trains `options.runs` networks with each variant."""
    (images, labels), (test_images, test_labels) = standardized_digits()
    images, test = images.reshape(len(images), -1), (test_images.reshape(len(test_images), -1), test_labels)
    watch.begin(len(VARIANTS) * options.runs)
    runs: dict[str, list[Run]] = {variant.name: [] for variant in VARIANTS}
    for i in range(options.runs):
        _, rows = stratified_split(labels, options.images / len(images), seed=seed + i)
        train = images[rows], with_mistakes(labels[rows], options.wrong, seed + i)
        for variant in VARIANTS:
            runs[variant.name].append(life(options, variant, seed + i, train, test))
            watch.advance(variant.name)
    return Findings(options, runs, average_over_masks(options, test[0][:100], seed), len(test_images))


def with_mistakes(labels: Array, share: float, seed: int, classes: int = 10) -> Array:
    """The labels, this share of them replaced by another class."""
    generator = np.random.default_rng(seed)
    wrong = generator.permutation(len(labels))[: round(share * len(labels))]
    labels = labels.copy()
    labels[wrong] = (labels[wrong] + generator.integers(1, classes, len(wrong))) % classes
    return labels


def life(
    options: Options, variant: Variant, seed: int, train: tuple[Array, Array], test: tuple[Array, Array]
) -> Run:
    """Trains one network."""
    model = build(options, variant, seed)
    initial = model.state_dict()
    optimizer = Adam(model.parameters(), lr=options.lr)
    loss = CrossEntropyLoss()
    batches = ArrayBatches(*train, batch_size=options.batch_size, seed=seed)
    thinned, trained, tested, step = [], [], [], 0
    for epoch in train_epochs(model, optimizer, batches, options.epochs, seed, variant.clock):
        thinned.append(epoch)
        trained.append(evaluate(model, loss, [train]))
        tested.append(evaluate(model, loss, [test]))
        step = epoch.step

    model.train()
    with randomness(seed, variant.clock(options.epochs, step)):
        masked = float((model(test[0]).argmax(-1) == test[1]).mean())
    return Run(
        variant.name,
        [epoch.loss for epoch in thinned],
        [epoch.accuracy for epoch in thinned],
        *_curves(trained),
        *_curves(tested),
        moved=distance_moved(initial, model.state_dict()),
        masked_test_accuracy=masked,
    )


def _curves(scores: list[Evaluation]) -> tuple[list[float], list[float]]:
    return [s.loss for s in scores], [s.accuracy for s in scores]
