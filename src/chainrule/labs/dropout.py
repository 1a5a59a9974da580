"""Is a dropout mask drawn once, per epoch, or per batch?

One network, few images (some of them with wrong labels, so that learning them by heart does harm), five ways to draw the mask.
`layers.Dropout` asks `current()` for one key per sample, and a key determines a mask. So the wrong ways need no other
dropout: a *clock* that stands still (in the same "step", the same masks are drawn) and one key for all samples.

Srivastava et al. 2014, *Dropout: A Simple Way to Prevent Neural Networks from Overfitting*: "For each training case in a
mini-batch, we sample a thinned network by dropping out units" (section 5.1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.data import ArrayBatches, Normalization, load_images, stratified_split
from chainrule.functions import dropout
from chainrule.functions.arrays import Array
from chainrule.functions.dropout import DropoutCache
from chainrule.layers import (
    CrossEntropyLoss,
    Dropout,
    Linear,
    ReLU,
    Sequential,
    init,
    manual_seed,
    randomness,
)
from chainrule.layers.randomness import current
from chainrule.training import Adam, Evaluation, evaluate

from .lab import Watch, switch
from .pictures import BLACK, BLUE, GREEN, ORANGE, VERMILION
from .training import every_step, train_epochs

if TYPE_CHECKING:
    pass

QUESTION = "Is a dropout mask drawn once, per epoch, or per batch?"


class OneMaskForAll(Dropout):
    """Dropout with one mask for all samples of the batch: what you get from a mask of shape (features,)."""

    def forward(self, x: Array) -> tuple[Array, DropoutCache | None]:
        if not self.training:
            return x, None
        return dropout(x, self.p, np.repeat(current().sample_keys(1), len(x)))


@dataclass(frozen=True)
class Variant:
    """When a new mask is drawn."""

    name: str
    color: str
    layer: type[Dropout] = Dropout
    clock: Callable[[int, int], int] = every_step  # (epoch, step) -> what the mask depends on
    dropout: bool = True


NONE = Variant("no dropout", BLACK, dropout=False)
SAMPLE = Variant("every sample", GREEN)
BATCH = Variant("every batch", BLUE, OneMaskForAll)
EPOCH = Variant("every epoch", ORANGE, OneMaskForAll, lambda epoch, step: epoch)
ONCE = Variant("once", VERMILION, OneMaskForAll, lambda epoch, step: 1)
VARIANTS = (NONE, SAMPLE, BATCH, EPOCH, ONCE)


@dataclass(frozen=True)
class Options:
    """What can be tried."""

    p: float = switch(0.5, "probability to drop a unit")
    images: int = switch(250, "training images")
    wrong: float = switch(0.2, "share of the training images that get a wrong label; 0 for none")
    width: int = switch(256, "units in each of the two hidden layers")
    epochs: int = switch(60, "passes through the training images")
    batch_size: int = switch(25, "images per step")
    lr: float = switch(0.001, "learning rate (Adam)")
    runs: int = switch(6, "runs of each kind, with other weights and other training images")

    def __post_init__(self) -> None:
        if not 0 < self.p < 1:
            raise ValueError(f"p is the probability to drop a unit, between 0 and 1, got {self.p}")
        if not 0 <= self.wrong <= 0.9:
            raise ValueError(f"wrong is a share of the training images, from 0 to 0.9, got {self.wrong}")
        if not 20 <= self.images <= 1000:
            raise ValueError(f"images must be 20 to 1000 (two of each class at least), got {self.images}")
        for name in ("width", "epochs", "batch_size", "lr"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be more than 0, got {getattr(self, name)}")
        if self.runs < 2:
            raise ValueError(f"runs must be 2 at least, so that chance can be told from effect, got {self.runs}")


# ------------------------------------------------------------ the experiment


@dataclass(frozen=True)
class Run:
    """One network's life: one number per epoch, unless it says otherwise."""

    variant: str
    thinned_loss: list[float]  # on the training images, in training mode, while it learned
    thinned_accuracy: list[float]
    train_loss: list[float]  # on the training images, in evaluation mode
    train_accuracy: list[float]
    test_loss: list[float]
    test_accuracy: list[float]
    moved: Array  # (hidden units,): how far each unit's weights, in and out, are from where they began, in the end
    masked_test_accuracy: float  # in the end, with the masks of the last training step: in training mode, so to speak

    @property
    def never_trained(self) -> float:
        """The share of hidden units of which not one weight ever moved."""
        return float((self.moved == 0).mean())


@dataclass(frozen=True)
class Average:
    """The mean of a hidden layer's numbers over more and more masks, against the numbers at evaluation."""

    masks: list[int]
    error: list[float]  # root mean square of (mean over masks - evaluation), as a part of the numbers' own
    once_error: list[float]  # the same, where the masks are always the same one
    ratio: float  # mean of the numbers under all masks / mean at evaluation


@dataclass(frozen=True)
class Findings:
    options: Options
    runs: dict[str, list[Run]]  # by the name of the variant; run i of each had the same weights and images
    average: Average
    test_images: int

    def final(self, variant: Variant, what: str) -> Array:
        """A number of the last epoch, (runs,)."""
        values = [getattr(run, what) for run in self.runs[variant.name]]
        return np.array([v[-1] if isinstance(v, list) else v for v in values])

    def difference(self, variant: Variant, what: str = "test_accuracy", against: Variant = SAMPLE) -> tuple[float, float]:
        """variant - against, run by run: the mean and its standard error."""
        differences = self.final(variant, what) - self.final(against, what)
        return float(differences.mean()), float(differences.std(ddof=1) / math.sqrt(len(differences)))


def experiment(options: Options, seed: int, watch: Watch) -> Findings:
    """Trains `options.runs` networks with each variant."""
    train_images, test_images = load_images("digits")
    normalization = Normalization.standard(train_images.images)

    def flat(images: Array) -> Array:
        return normalization.apply(images).reshape(len(images), -1)

    test = flat(test_images.images), test_images.labels
    watch.begin(len(VARIANTS) * options.runs)
    runs: dict[str, list[Run]] = {variant.name: [] for variant in VARIANTS}
    for i in range(options.runs):
        _, rows = stratified_split(train_images.labels, options.images / len(train_images), seed=seed + i)
        labels = with_mistakes(train_images.labels[rows], options.wrong, seed + i)
        for variant in VARIANTS:
            runs[variant.name].append(life(options, variant, seed + i, (flat(train_images.images[rows]), labels), test))
            watch.advance(variant.name)
    return Findings(options, runs, average_over_masks(options, test[0][:100], seed), len(test_images))


def with_mistakes(labels: Array, share: float, seed: int, classes: int = 10) -> Array:
    """The labels, this share of them replaced by another class."""
    generator = np.random.default_rng(seed)
    wrong = generator.permutation(len(labels))[: round(share * len(labels))]
    labels = labels.copy()
    labels[wrong] = (labels[wrong] + generator.integers(1, classes, len(wrong))) % classes
    return labels


def build(options: Options, variant: Variant, seed: int) -> Sequential:
    """64 - width - width - 10, ReLU; the initial weights depend on the seed, not on the variant."""
    manual_seed(seed)
    p = options.p if variant.dropout else 0.0
    model = Sequential(
        Linear(64, options.width), ReLU(), variant.layer(p),
        Linear(options.width, options.width), ReLU(), variant.layer(p),
        Linear(options.width, 10),
    )  # fmt: skip
    for parameter in model.parameters():
        if len(parameter.shape) > 1:
            init.he_normal_(parameter)
        else:
            init.zeros_(parameter)
    return model


def life(options: Options, variant: Variant, seed: int, train: tuple[Array, Array], test: tuple[Array, Array]) -> Run:
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


def distance_moved(before: dict[str, Array], after: dict[str, Array]) -> Array:
    """For every hidden unit: the length of the change of its incoming weights, its bias and its outgoing weights."""
    change = {name: after[name].astype(np.float64) - before[name] for name in before}
    square = {name: values**2 for name, values in change.items()}
    units = [
        square[f"{layer}.weight"].sum(1) + square[f"{layer}.bias"] + square[f"{following}.weight"].sum(0)
        for layer, following in (("0", "3"), ("3", "6"))
    ]
    return np.sqrt(np.concatenate(units))


def average_over_masks(options: Options, images: Array, seed: int, most: int = 1024) -> Average:
    """E[mask] = 1, by counting: a hidden layer's numbers under many masks. (The weights do not matter: initial ones.)"""
    model = build(options, SAMPLE, seed)
    hidden = np.maximum(images @ model.layers["0"].weight.data.T, 0)  # type: ignore[attr-defined]
    masks = [2**i for i in range(0, most.bit_length(), 2)]
    total, error = np.zeros(hidden.shape), []
    once: list[float] = []
    with randomness(seed, 1):
        first, _ = dropout(hidden, options.p, current().sample_keys(len(hidden)))
    for step in range(1, masks[-1] + 1):
        with randomness(seed, step):
            total += dropout(hidden, options.p, current().sample_keys(len(hidden)))[0]
        if step in masks:
            error.append(_relative(total / step - hidden, hidden))
            once.append(_relative(first - hidden, hidden))
    return Average(masks, error, once, float(total.mean() / masks[-1] / hidden.mean()))


def _relative(difference: Array, of: Array) -> float:
    return float(np.sqrt(np.square(difference).mean() / np.square(of).mean()))
