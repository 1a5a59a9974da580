"""Why does my network predict one class for everything?

The same convolutional network learns the digits from four kinds of initial weights. Before and after, its
*spread* is measured layer by layer: by how much a unit's value differs from image to image. Where that is
gone, all images look alike, and no later layer can tell them apart again.

**What theory says.** z = W x has var(z) = fan_in · var(W) · var(x), so a layer multiplies the spread by slope
· std(W) · √fan_in, and the gradient, on its way back, by slope · std(W) · √fan_out. "slope" is what the
activation function lets pass: 1 for tanh near 0, √½ for ReLU (half of its inputs), ¼ for the sigmoid. One
factor per layer, multiplied: 0.1 becomes 10⁻⁶ in six layers.

Glorot and Bengio 2010, *Understanding the difficulty of training deep feedforward neural networks*: both
factors should be 1, that is fan_in · var(W) = 1 and fan_out · var(W) = 1 (equations 10 and 11); unless the
fans are equal not both can be had, hence var(W) = 2 / (fan_in + fan_out) (equation 12). He et al. 2015 make
up for the half that ReLU takes away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.data import ArrayBatches, Normalization, load_images
from chainrule.functions import softmax
from chainrule.functions.arrays import Array
from chainrule.layers import (
    Conv2d,
    CrossEntropyLoss,
    Flatten,
    Layer,
    Linear,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    init,
    manual_seed,
)
from chainrule.layers.parameter import Parameter
from chainrule.training import SGD, Adam, evaluate

from .lab import Lab, Watch, switch
from .pictures import BLUE, GRAY, GREEN, ORANGE, VERMILION, new_figure, save_figure, tidy
from .training import train_epochs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUESTION = "Why does my network predict one class for everything?"

# what an activation function multiplies the spread by, as long as its inputs are near 0
SLOPES = {"relu": math.sqrt(0.5), "tanh": 1.0, "sigmoid": 0.25}
ACTIVATIONS: dict[str, Callable[[], Layer]] = {"relu": ReLU, "tanh": Tanh, "sigmoid": Sigmoid}
CURES = {"glorot": init.glorot_uniform_, "he": init.he_normal_}

SMALL = {"color": BLUE, "marker": "o", "linewidth": 3.2}
LARGE = {"color": VERMILION, "marker": "^", "linewidth": 1.6, "linestyle": "--"}
WITHOUT_AREA = {"color": ORANGE, "marker": "s", "linewidth": 1.4}
CURE = {"color": GREEN, "marker": "D", "linewidth": 1.4}

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
        choices = {"activation": list(ACTIVATIONS), "cure": list(CURES), "optimizer": ["sgd", "adam"]}
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
    style: dict[str, Any]  # how it looks in the picture
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
    favorite: list[int]  # that class
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
    def learned(self) -> bool:
        return self.accuracy[-1] > LEARNED

    @property
    def died_in_training(self) -> bool:
        """The images reached the logits once, and do not any more (though all numbers are finite)."""
        return self.overflow is None and self.before.lost_at is None and self.after.lost_at is not None


@dataclass(frozen=True)
class Findings:
    options: Options
    starts: list[Start]
    runs: dict[str, list[Run]]  # by the name of the start
    prior: Array  # (classes,): their shares of the training images
    test_images: int

    @property
    def entropy(self) -> float:
        """The loss (nats) of always answering with the classes' shares: the best without looking."""
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
            start.name: [life(options, start, seed + i, train, test, watch) for i in range(options.runs)]
            for start in starts
        }
    prior = np.bincount(train_images.labels) / len(train_images)
    return Findings(options, starts, runs, prior, len(test_images))


def ways_to_start(options: Options) -> list[Start]:
    """Too small, too large, a fan-in that forgets the kernel's area, and the cure."""

    def without_area(weight: Parameter) -> object:
        # Glorot's with fan_in = in and fan_out = out: right for Linear, 3 times too large for a 3 x 3 kernel
        return init.normal_(weight, 0.0, math.sqrt(2 / (weight.shape[0] + weight.shape[1])))

    return [
        Start(f"N(0, {options.small:g})", SMALL, lambda weight: init.normal_(weight, 0.0, options.small)),
        Start(f"N(0, {options.large:g})", LARGE, lambda weight: init.normal_(weight, 0.0, options.large)),
        Start("fan-in without area", WITHOUT_AREA, without_area),
        Start(options.cure.capitalize(), CURE, CURES[options.cure]),
    ]


def build(options: Options, start: Start, seed: int, side: int = 8, classes: int = 10) -> Sequential:
    """conv 3 x 3, activation function, `depth` times, then Linear: weights drawn from `start`, biases 0."""
    manual_seed(seed)
    layers: list[Layer] = []
    for i in range(options.depth):
        convolution = Conv2d(options.width if i else 1, options.width, 3, padding="same")
        layers += [convolution, ACTIVATIONS[options.activation]()]
    model = Sequential(*layers, Flatten(), Linear(options.width * side * side, classes))
    for parameter in model.parameters():
        if len(parameter.shape) > 1:
            start.fill(parameter)
        else:
            init.zeros_(parameter)
    return model


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

    A padded 3 x 3 kernel sees, over all positions of an 8 x 8 image, 7.56 pixels on average; the others are
    padding.
    """
    weight = layer.weight.data.astype(np.float64)  # type: ignore[attr-defined]
    fan_in, fan_out = init.fan_in_and_fan_out(weight.shape)
    seen = ((3 * side - 2) / (3 * side)) ** 2 if isinstance(layer, Conv2d) else 1.0
    std = float(weight.std())
    return std * math.sqrt(fan_in * seen), std * math.sqrt(fan_out * seen)


def spread_over_images(x: Array) -> float:
    """By how much a unit differs from image to image: its standard deviation, root mean square over units."""
    return rms(x.astype(np.float64) - x.mean(0, dtype=np.float64))


def rms(x: Array) -> float:
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))


# ------------------------------------------------------------ the answer


def answer(findings: Findings) -> str:
    """What was found, in Markdown."""
    cure = findings.starts[-1].name
    bad = [run for name, runs in findings.runs.items() if name != cure for run in runs]
    stuck = sum(run.always_one_class for run in bad)
    parts = [
        f"Of {len(bad)} networks with unsuitable initial weights, **{stuck} gave all {findings.test_images} "
        f"test images one class after every epoch**. {_cure(findings.runs[cure], cure)}",
        _table(findings),
        _where(findings),
        _why(findings),
        _overflow(findings),
        _died(findings),
        f"**What to do.** {_condition(findings)}",
        "**Try** `--set activation=sigmoid` (does Glorot still help?), `--set cure=he`, `--set depth=2`, "
        "`--set optimizer=adam` (which divides a gradient by its own size), `--set large=0.2`.",
    ]
    return "\n\n".join(part for part in parts if part)


def _cure(runs: list[Run], name: str) -> str:
    learned = [run for run in runs if run.learned]
    if len(learned) == len(runs):
        return (
            f"The same network with {name} weights learned in {len(learned)} of {len(runs)} runs: "
            f"{_range(r.accuracy[-1] for r in runs)} of the test images right."
        )
    stuck = sum(run.always_one_class for run in runs)
    return (
        f"**{name} was no cure here**: {len(learned)} of {len(runs)} networks learned, {stuck} gave one "
        f"class after every epoch; {_range(r.accuracy[-1] for r in runs)} of the test images right."
    )


def _table(findings: Findings) -> str:
    rows = [
        "| weights from | one class after every epoch | test accuracy | spread × per layer (first run) | "
        "theory | logits' spread |",
        "|---|---|---|---|---|---|",
    ]
    for name, runs in findings.runs.items():
        before = runs[0].before
        rows.append(
            f"| {name} | {sum(run.always_one_class for run in runs)} of {len(runs)} | "
            f"{_range(r.accuracy[-1] for r in runs)} | {per_layer(before.spread):.2g} | "
            f"{per_layer(before.predicted_spread):.2g} | {before.spread[-1]:.2g} |"
        )
    return "\n".join(rows)


def per_layer(spread: list[float]) -> float:
    """By what a convolution multiplies the spread, on average (but for the first, of 1 channel)."""
    first, last = spread[min(1, len(spread) - 3)], spread[-2]
    return math.exp(math.log(last / first) / max(len(spread) - 3, 1)) if last > 0 else 0.0


def _where(findings: Findings) -> str:
    """The starts that lose the images before training."""
    texts = []
    for name, runs in findings.runs.items():
        for before in [run.before for run in runs if run.before.lost_at is not None][:1]:
            texts.append(
                f"{name}: the pixels differ from image to image by {before.spread[0]:.2g}; every "
                f"convolution leaves {per_layer(before.spread):.2g} of that (theory, slope · std · √fan_in: "
                f"{per_layer(before.predicted_spread):.2g}). Layer {before.lost_at} of "
                f"{len(before.spread) - 1} is the first with less than a thousandth; the logits have "
                f"{before.spread[-1]:.1e} (theory: {before.predicted_spread[-1]:.1e}{_rounding(before)}). "
                f"On the way back {before.gradient[-1]:.2g} leaves the logits, and {before.gradient[0]:.1e} "
                "arrives at the first convolution."
            )
    return "**Where the images get lost.** Before the first step already. " + " ".join(texts) if texts else ""


def _rounding(anatomy: Anatomy) -> str:
    lost = anatomy.spread[-1] > 10 * anatomy.predicted_spread[-1]
    return "; the rest is rounding: float32 has 7 digits" if lost and anatomy.spread[-1] < 1e-6 else ""


def _why(findings: Findings) -> str:
    """What is left to learn for a network that has lost the images."""
    stuck = [r for runs in findings.runs.values() for r in runs if r.always_one_class and r.overflow is None]
    if not stuck:
        return ""
    prior, run = findings.prior, stuck[0]
    classes = len(set(run.favorite[1:]))
    return (
        "**Why one class.** If nothing that depends on the image arrives at the last layer, its bias is "
        "all that can be learned, and the best bias says how frequent the classes are. So it did "
        f"({run.start}, first such run): from image to image its probabilities differ by "
        f"{run.probability_range:.1g} at most; they are {_range(run.probabilities)}, the classes' shares "
        f"{_range(prior)}. Its loss is {run.train_loss[-1]:.3f}; whoever answers with the shares gets "
        f"{findings.entropy:.3f}. Which class comes out on top is chance: {classes} different ones in "
        f"{len(run.favorite) - 1} epochs."
    )


def _overflow(findings: Findings) -> str:
    texts = []
    for name, runs in findings.runs.items():
        steps = [run.overflow for run in runs if run.overflow is not None]
        if steps:
            before = runs[0].before
            texts.append(
                f"{name}: every layer multiplies the spread by {per_layer(before.spread):.2g}, the logits "
                f"have {before.spread[-1]:.1e}, and in {len(steps)} of {len(runs)} runs the loss was "
                f"infinite or NaN in step {_steps(steps)}."
            )
            first = next(run.favorite[-1] for run in runs if run.overflow is not None)
    if not texts:
        return ""
    return (
        f"**The other way to one class: numbers that overflow.** {' '.join(texts)} The weights are NaN from "
        f"then on, so are the logits, and argmax of NaN is the first class, {first}. The accuracy looks as "
        "above, the loss does not: look at it."
    )


def _died(findings: Findings) -> str:
    texts, cure = [], findings.runs[findings.starts[-1].name][0]
    for name, runs in findings.runs.items():
        dead = [run for run in runs if run.died_in_training]
        if dead:
            spread, layer = dead[0].after.spread, dead[0].after.lost_at
            texts.append(
                f"{name}, {len(dead)} of {len(runs)} runs: before training the images reach the logits "
                f"(spread {dead[0].before.spread[-1]:.2g}); after it they get lost in layer {layer} (spread "
                f"{spread[layer or 0]:.1g}). At the start, the gradient at the first convolution is "
                f"{dead[0].before.gradient[0]:.2g} there, {cure.before.gradient[0]:.2g} with {cure.start}."
            )
    if not texts:
        return ""
    return (
        f"**And a third: too large a step.** {' '.join(texts)} Large gradients make large steps; after one "
        "too many, units are stuck where their activation function is flat (a ReLU whose input is negative "
        "for every image gets no gradient)."
    )


def _condition(findings: Findings) -> str:
    cure = findings.starts[-1].name
    runs = findings.runs[cure]
    anatomy = runs[0].before
    text = (
        "Choose the weights' variance so that neither factor is far from 1: fan_in · var(W) = 1 for the "
        "activations, fan_out · var(W) = 1 for the gradients, hence Glorot's var(W) = 2 / (fan_in + "
        "fan_out) (Glorot and Bengio 2010); the fan of a convolution counts the kernel's area. ReLU takes "
        f"half, so He et al. 2015 double it. {cure} gives {per_layer(anatomy.spread):.2g} per layer here, "
        f"and logits of spread {anatomy.spread[-1]:.2g}."
    )
    if all(run.learned for run in runs):
        return text
    best = max((run for runs in findings.runs.values() for run in runs), key=lambda run: run.accuracy[-1])
    slope = SLOPES[findings.options.activation]
    return (
        f"{text} That was not enough: {findings.options.activation} lets {slope:.2g} of the spread through, "
        f"and Glorot's formula knows nothing of it. The best run here, of {best.start} weights, has "
        f"{per_layer(best.before.spread):.2g} per layer and gets {best.accuracy[-1]:.1%} right."
    )


def _range(values: Any) -> str:
    numbers = list(values)
    low, high = f"{min(numbers):.1%}", f"{max(numbers):.1%}"
    return low if low == high else f"{low} to {high}"


def _steps(steps: list[int]) -> str:
    return str(steps[0]) if len(set(steps)) == 1 else f"{min(steps)} to {max(steps)}"


# ------------------------------------------------------------ the picture


def picture(findings: Findings, path: Path) -> None:
    """How often one class is predicted, what is learned, and where the images get lost."""
    figure = new_figure(14, 8, _headline(findings))
    (share, accuracy, named), (spread, gradient, after) = figure.subplots(2, 3)
    _over_epochs(share, findings, "share", "Share of the test images that get the most predicted class")
    _over_epochs(accuracy, findings, "accuracy", "Test accuracy")
    _predictions(named, findings)
    layers = ["pixels", *(f"conv {i + 1}" for i in range(findings.options.depth)), "logits"]
    first = {start.name: findings.runs[start.name][0] for start in findings.starts}
    for start in findings.starts:
        before = first[start.name].before
        _by_layer(spread, layers, before.spread, before.predicted_spread, start)
        _by_layer(gradient, layers[1:], before.gradient, before.predicted_gradient, start)
        for run in findings.runs[start.name]:
            _by_layer(after, layers, run.after.spread, None, start)
    tidy(spread, "Before training: by how much images differ (dotted: theory)", ylabel="spread over images")
    tidy(
        gradient,
        "Before training: the gradient that arrives (dotted: theory)",
        ylabel="gradient, root mean square",
    )
    tidy(after, "After training: by how much images differ (all runs)", ylabel="spread over images")
    gone = [name for name, runs in findings.runs.items() if any(run.overflow is not None for run in runs)]
    if gone:
        note = f"not drawn: {', '.join(gone)} (NaN)"
        after.text(0.03, 0.14, note, transform=after.transAxes, fontsize=8, color=GRAY)
    share.legend(fontsize=8, loc="best")
    save_figure(figure, path)


def _headline(findings: Findings) -> str:
    *bad, cure = (findings.runs[start.name] for start in findings.starts)
    stuck, count = sum(run.always_one_class for runs in bad for run in runs), sum(map(len, bad))
    learned = sum(run.learned for run in cure)
    return (
        f"{stuck} of {count} networks with unsuitable initial weights predict one class for everything; "
        f"with {findings.starts[-1].name} weights {learned} of {len(cure)} learn"
    )


def _over_epochs(axes: Axes, findings: Findings, what: str, title: str) -> None:
    for start in findings.starts:
        for i, run in enumerate(findings.runs[start.name]):
            style = {**start.style, "marker": None, "alpha": 0.9}
            axes.plot(getattr(run, what), label=None if i else start.name, **style)
    axes.set_ylim(0, 1.05)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.locator_params(axis="x", integer=True)
    tidy(axes, title, xlabel="epoch")


def _predictions(axes: Axes, findings: Findings) -> None:
    rows = [(start.name, run) for start in findings.starts for run in findings.runs[start.name]]
    counts = np.array([run.predictions for _, run in rows])
    axes.imshow(counts / findings.test_images, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.argwhere(counts):
        color = "white" if counts[row, column] > findings.test_images / 2 else "black"
        axes.text(column, row, counts[row, column], ha="center", va="center", fontsize=7, color=color)
    axes.set_xticks(range(counts.shape[1]))
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    tidy(axes, f"What each network calls the {findings.test_images} test images", xlabel="predicted class")
    axes.grid(False)
    axes.tick_params(axis="y", labelsize=7)


FLOOR = 1e-12  # smaller spreads, 0 among them, are drawn here


def _by_layer(
    axes: Axes, layers: list[str], measured: list[float], predicted: list[float] | None, start: Start
) -> None:
    style = {**start.style, "linestyle": "-", "linewidth": 1.6, "markersize": 5}
    axes.plot(np.maximum(measured, FLOOR), label=start.name, **style)
    if predicted is not None:
        axes.plot(np.maximum(predicted, FLOOR), ":", color=start.style["color"], linewidth=1.6)
    axes.set_yscale("log")
    axes.set_xticks(range(len(layers)), layers, rotation=30)
    if min(measured) < FLOOR:
        axes.axhline(FLOOR, color=GRAY, linewidth=0.8)
        axes.annotate("0", (0, FLOOR), (0, 3), textcoords="offset points", fontsize=8, color=GRAY)


ONE_CLASS = Lab(QUESTION, Options, experiment, picture, answer)
