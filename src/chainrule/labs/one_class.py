"""Why does my network predict one class for everything?

The same convolutional network learns the digits from four kinds of initial weights. Before and after, its *spread* is
measured layer by layer: by how much a unit's value differs from image to image. Where that is gone, all images look alike,
and no later layer can tell them apart again.

**What theory says.** z = W x has var(z) = fan_in · var(W) · var(x), so a layer multiplies the spread by slope · std(W) · √fan_in;
the gradient, on its way back, by slope · std(W) · √fan_out. "slope" is what the activation function lets pass: 1 for tanh near
0, √½ for ReLU (half of its inputs), ¼ for the sigmoid. Layer by layer these are multiplied: 0.1 becomes 10⁻⁶ in six layers.

Glorot and Bengio 2010, *Understanding the difficulty of training deep feedforward neural networks*: both factors should be 1,
fan_in · var(W) = 1 and fan_out · var(W) = 1 (equations 10 and 11); both at once cannot be had, so
var(W) = 2 / (fan_in + fan_out) (equation 12). He et al. 2015 put the 2 there that ReLU takes away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.data import ArrayBatches, Normalization, load_images
from chainrule.functions import softmax
from chainrule.functions.arrays import Array
from chainrule.layers import Conv2d, CrossEntropyLoss, Flatten, Layer, Linear, ReLU, Sequential, Sigmoid, Tanh, init, manual_seed
from chainrule.layers.parameter import Parameter
from chainrule.training import SGD, Adam, evaluate

from .lab import Lab, Watch, switch
from .pictures import BLUE, GRAY, GREEN, ORANGE, VERMILION, new_figure, save_figure, tidy
from .training import train_epochs

QUESTION = "Why does my network predict one class for everything?"

# what an activation function multiplies the spread by, as long as its inputs are near 0
SLOPES = {"relu": math.sqrt(0.5), "tanh": 1.0, "sigmoid": 0.25}
ACTIVATIONS: dict[str, Callable[[], Layer]] = {"relu": ReLU, "tanh": Tanh, "sigmoid": Sigmoid}
CURES = {"glorot": init.glorot_uniform_, "he": init.he_normal_}

LOST = 1e-3  # a layer has lost the images if its spread is less than this part of the pixels'
LEARNED = 0.9  # a network that gets more of the test images right than this has learned


@dataclass(frozen=True)
class Options:
    """What can be tried."""

    activation: str = switch("relu", "relu, tanh or sigmoid")
    depth: int = switch(6, "convolutions before the last layer")
    small: float = switch(0.01, "standard deviation of the weights that are too small")
    large: float = switch(1.0, "standard deviation of the weights that are too large")
    cure: str = switch("glorot", "glorot or he")
    optimizer: str = switch("sgd", "sgd (with momentum 0.9) or adam")
    lr: float = switch(0.01, "learning rate")
    epochs: int = switch(10, "passes through the training images")
    width: int = switch(12, "channels of each convolution")
    runs: int = switch(3, "runs of each kind, from different weights")

    def __post_init__(self) -> None:
        choices = {"activation": ACTIVATIONS, "cure": CURES, "optimizer": ("sgd", "adam")}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}")
        for name in ("depth", "epochs", "width", "runs", "small", "large", "lr"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be more than 0, got {getattr(self, name)}")


# ------------------------------------------------------------ the experiment


@dataclass(frozen=True)
class Start:
    """A way to draw the initial weights."""

    name: str
    color: str
    fill: Callable[[Parameter], object]


@dataclass(frozen=True)
class Anatomy:
    """A network, layer by layer: the pixels, each convolution with its activation function, the logits."""

    spread: list[float]  # the images' standard deviation, root mean square over the units
    predicted_spread: list[float]  # as theory has it, from the pixels' spread on
    gradient: list[float]  # d loss / d unit for one image, root mean square
    predicted_gradient: list[float]  # as theory has it, from the gradient of the logits on back

    @property
    def lost_at(self) -> int | None:
        """The first layer that has lost the images, None if there is none."""
        return next((i for i, spread in enumerate(self.spread) if spread < LOST * self.spread[0]), None)


@dataclass(frozen=True)
class Run:
    """One network's life. Lists begin with the untrained network, and go on with one number per epoch."""

    start: str
    share: list[float]  # of the test images that get the class which is predicted most
    accuracy: list[float]
    train_loss: list[float]
    predictions: Array  # (classes,): how often each is predicted in the end
    probabilities: Array  # (classes,): predicted in the end, mean over the test images
    probability_range: float  # the most that a class's probability differs from image to image in the end
    before: Anatomy
    after: Anatomy
    overflow: int | None  # the step in which the loss became infinite or NaN

    @property
    def always_one_class(self) -> bool:
        """One class for all images, after every epoch."""
        return all(share == 1 for share in self.share[1:])

    @property
    def finally_one_class(self) -> bool:
        return self.share[-1] == 1

    @property
    def learned(self) -> bool:
        return self.accuracy[-1] > LEARNED


@dataclass(frozen=True)
class Findings:
    options: Options
    starts: list[Start]
    runs: dict[str, list[Run]]  # by the name of the start
    prior: Array  # (classes,): their shares of the training images
    test_images: int

    @property
    def entropy(self) -> float:
        """The loss of whoever always answers with the classes' shares (nats): the best without looking at the image."""
        return float(-(self.prior * np.log(self.prior)).sum())


def experiment(options: Options, seed: int, watch: Watch) -> Findings:
    """Trains `options.runs` networks from each kind of initial weights."""
    train_images, test_images = load_images("digits")
    normalization = Normalization.standard(train_images.images)
    train = normalization.apply(train_images.images), train_images.labels
    test = normalization.apply(test_images.images), test_images.labels

    starts = ways_to_start(options)
    watch.begin(len(starts) * options.runs * options.epochs)
    with np.errstate(all="ignore"):  # an overflow is a finding here
        runs = {
            start.name: [life(options, start, seed + i, train, test, watch) for i in range(options.runs)] for start in starts
        }
    prior = np.bincount(train_images.labels) / len(train_images)
    return Findings(options, starts, runs, prior, len(test_images))


def ways_to_start(options: Options) -> list[Start]:
    """Too small, too large, a fan-in that forgets the kernel's area, and the cure."""

    def without_area(weight: Parameter) -> object:
        # Glorot's formula with fan_in = in and fan_out = out: right for a Linear; for a 3 x 3 kernel 3 times too large
        return init.normal_(weight, 0.0, math.sqrt(2 / (weight.shape[0] + weight.shape[1])))

    return [
        Start(f"N(0, {options.small:g})", BLUE, lambda weight: init.normal_(weight, 0.0, options.small)),
        Start(f"N(0, {options.large:g})", VERMILION, lambda weight: init.normal_(weight, 0.0, options.large)),
        Start("fan-in without area", ORANGE, without_area),
        Start(options.cure.capitalize(), GREEN, CURES[options.cure]),
    ]


def build(options: Options, start: Start, seed: int, side: int = 8, classes: int = 10) -> Sequential:
    """conv 3 x 3, activation function, `depth` times, then Linear: weights drawn from `start`, biases 0."""
    manual_seed(seed)
    layers: list[Layer] = []
    for i in range(options.depth):
        layers += [Conv2d(options.width if i else 1, options.width, 3, padding="same"), ACTIVATIONS[options.activation]()]
    model = Sequential(*layers, Flatten(), Linear(options.width * side * side, classes))
    for parameter in model.parameters():
        if len(parameter.shape) > 1:
            start.fill(parameter)
        else:
            init.zeros_(parameter)
    return model


def life(
    options: Options, start: Start, seed: int, train: tuple[Array, Array], test: tuple[Array, Array], watch: Watch
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
    share, accuracy, train_loss, overflow = [], [], [], None

    def look() -> Array:
        scores = evaluate(model, loss, [test])
        share.append(float(np.bincount(scores.predictions).max() / len(scores.labels)))
        accuracy.append(scores.accuracy)
        return scores.logits

    logits = look()
    train_loss.append(evaluate(model, loss, [train]).loss)
    for epoch in train_epochs(model, optimizer, ArrayBatches(*train, batch_size=32, seed=seed), options.epochs, seed):
        logits = look()
        train_loss.append(epoch.loss)
        if not math.isfinite(epoch.loss):
            overflow = epoch.step
        watch.advance(start.name)
    for _ in range(options.epochs + 1 - len(share)):  # NaN stays NaN: no need to compute it
        share, accuracy, train_loss = ([*numbers, numbers[-1]] for numbers in (share, accuracy, train_loss))
        watch.advance(start.name)

    probabilities, _ = softmax(logits.astype(np.float64))
    return Run(
        start.name,
        share,
        accuracy,
        train_loss,
        predictions=np.bincount(logits.argmax(-1), minlength=logits.shape[1]),
        probabilities=probabilities.mean(0),
        probability_range=float(np.ptp(probabilities, axis=0).max()),
        before=before,
        after=dissect(model, slope, *test),
        overflow=overflow,
    )


def dissect(model: Sequential, slope: float, images: Array, labels: Array) -> Anatomy:
    """Runs the network once, forward and backward, and measures on the way."""
    layers, side = list(model), images.shape[-1]
    weighty = [i for i, layer in enumerate(layers) if isinstance(layer, Conv2d | Linear)]
    # a stage ends where the next layer with weights begins; flattening changes no number
    ends = [*(i - 1 for i in weighty[1:]), len(layers) - 1]

    x, caches, spread = images, [], [spread_over_images(images)]
    for i, layer in enumerate(layers):
        x, cache = layer.forward(x)
        caches.append(cache)
        if i in ends:
            spread.append(spread_over_images(x))
    _, _, loss_cache = CrossEntropyLoss().forward(x, labels)
    # the loss summed over the images: what arrives at a unit is then the gradient of its own image's loss
    dx, *_ = CrossEntropyLoss().backward(np.ones((), x.dtype), loss_cache)
    gradient = []
    for i in reversed(range(len(layers))):
        if i in ends:
            gradient.append(rms(dx))
        dx = layers[i].backward(dx, caches[i])
    gradient.reverse()
    model.zero_grad()

    factors = [growth(layers[i], slope, side) for i in weighty]
    slopes = [slope] * (len(weighty) - 1) + [1.0]  # the logits are what the last weights return
    forward, backward = spread[:1], gradient[-1:]
    for (grows, _), passes in zip(factors, slopes, strict=True):
        forward.append(forward[-1] * grows * passes)
    for (_, grows), passes in zip(reversed(factors[1:]), reversed(slopes[1:]), strict=True):
        backward.append(backward[-1] * grows * passes)
    return Anatomy(spread, forward, gradient, backward[::-1])


def growth(layer: Layer, slope: float, side: int) -> tuple[float, float]:
    """std(W) · √fan_in and std(W) · √fan_out, the border of the image taken into account.

    A padded 3 x 3 kernel sees, over all positions of an 8 x 8 image, 7.56 pixels on average; the others are padding.
    """
    weight = layer.weight.data.astype(np.float64)  # type: ignore[attr-defined]
    fan_in, fan_out = init.fan_in_and_fan_out(weight.shape)
    seen = ((3 * side - 2) / (3 * side)) ** 2 if isinstance(layer, Conv2d) else 1.0
    std = float(weight.std())
    return std * math.sqrt(fan_in * seen), std * math.sqrt(fan_out * seen)


def spread_over_images(x: Array) -> float:
    """By how much a unit differs from image to image: its standard deviation, root mean square over all units."""
    return rms(x.astype(np.float64) - x.mean(0, dtype=np.float64))


def rms(x: Array) -> float:
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))
