"""Is a dropout mask drawn once, per epoch, or per batch?

One network, few images (some of them with wrong labels, so that learning them by heart does harm), five ways
to draw the mask. `layers.Dropout` asks `current()` for one key per sample, and a key determines a mask. So
the other ways need no other dropout: only a *clock* that stands still (the same "step" draws the same masks),
and one key for all samples.

Srivastava et al. 2014, *Dropout: A Simple Way to Prevent Neural Networks from Overfitting*, section 5.1: a
thinned network is sampled for each training case of a mini-batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
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

from .lab import Lab, Watch, switch
from .pictures import BLACK, BLUE, GRAY, GREEN, ORANGE, PURPLE, VERMILION, new_figure, save_figure, tidy
from .training import every_step, train_epochs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    runs: int = switch(8, "runs of each kind, with other weights and other training images")

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
            raise ValueError(
                f"runs must be 2 at least, so that chance can be told from effect, got {self.runs}"
            )


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
    moved: Array  # (hidden units,): how far each one's weights, in and out, came in the training
    masked_test_accuracy: float  # in the end, in training mode, with the masks of the last step

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

    def difference(
        self, variant: Variant, what: str = "test_accuracy", against: Variant = SAMPLE
    ) -> tuple[float, float]:
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
            runs[variant.name].append(
                life(options, variant, seed + i, (flat(train_images.images[rows]), labels), test)
            )
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


def distance_moved(before: dict[str, Array], after: dict[str, Array]) -> Array:
    """For every hidden unit: the length of the change of its weights, in and out, and its bias."""
    change = {name: after[name].astype(np.float64) - before[name] for name in before}
    square = {name: values**2 for name, values in change.items()}
    units = [
        square[f"{layer}.weight"].sum(1) + square[f"{layer}.bias"] + square[f"{following}.weight"].sum(0)
        for layer, following in (("0", "3"), ("3", "6"))
    ]
    distance: Array = np.sqrt(np.concatenate(units))
    return distance


def average_over_masks(options: Options, images: Array, seed: int, most: int = 1024) -> Average:
    """E[mask] = 1, by counting: a hidden layer under many masks. (Any weights will do: initial ones.)"""
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


# ------------------------------------------------------------ the answer


def answer(findings: Findings) -> str:
    """What was found, in Markdown."""
    return "\n\n".join(
        [
            "**Anew at every forward, and for every sample of the batch by itself** (Srivastava et al. "
            "2014, section 5.1): so says the definition, and so does `layers.Dropout`. "
            f"{_headline(findings)}. {_rivals(findings)}",
            _table(findings),
            _helps(findings),
            _once(findings),
            f"**Once per epoch, for all samples.** {_against_sample(findings, EPOCH)}",
            f"**Once per batch, for all samples.** {_against_sample(findings, BATCH)}",
            _evaluation(findings),
            "**Try** `--set wrong=0` (do five ways still differ?), `--set p=0.2`, `--set width=64`, `--set "
            "images=1000`.",
        ]
    )


def _rivals(findings: Findings) -> str:
    """Is any way better than one mask for every sample?"""
    others = [variant for variant in VARIANTS if variant is not SAMPLE]
    shown = {v.name: findings.difference(v)[0] > 0 for v in others if _compare(findings, v, SAMPLE)[1]}
    better, worse = (
        [name for name, is_better in shown.items() if is_better is sign] for sign in (True, False)
    )
    unclear = [variant.name for variant in others if variant.name not in shown]
    parts = ((better, "better than that"), (worse, "worse"), (unclear, "these runs cannot tell it from that"))
    return " ".join(f"{', '.join(names).capitalize()}: {verdict}." for names, verdict in parts if names)


def _table(findings: Findings) -> str:
    rows = [
        "| a new mask | training images, training mode | the same, evaluation mode | test images | test loss "
        "| units never trained |",
        "|---|---|---|---|---|---|",
    ]
    for variant in VARIANTS:
        percents = " | ".join(
            _mean(findings, variant, what) for what in ("thinned_accuracy", "train_accuracy", "test_accuracy")
        )
        rows.append(
            f"| {variant.name} | {percents} | {findings.final(variant, 'test_loss').mean():.2f} "
            f"| {_mean(findings, variant, 'never_trained')} |"
        )
    return "\n".join(rows)


def _mean(findings: Findings, variant: Variant, what: str) -> str:
    """The mean over the runs, with the standard deviation if it is worth a digit: 87.5% ± 1.2."""
    values = findings.final(variant, what)
    spread = f" ± {values.std(ddof=1) * 100:.1f}" if values.std() >= 0.0005 else ""
    return f"{values.mean():.1%}{spread}"


def _compare(findings: Findings, variant: Variant, against: Variant) -> tuple[str, bool]:
    """The difference in test accuracy, run by run, in words; and whether it is more than chance."""
    mean, error = findings.difference(variant, against=against)
    shown = abs(mean) > 3 * error
    runs = f"mean and standard error of {findings.options.runs} pairs of runs"
    return f"{mean * 100:+.1f} ± {error * 100:.1f} points ({runs})", shown


def _helps(findings: Findings) -> str:
    points, shown = _compare(findings, SAMPLE, NONE)
    better = findings.difference(SAMPLE, against=NONE)[0] > 0
    verdict = "It makes no difference that these runs could show"
    if shown:
        verdict = "It helps" if better else "It does harm"
    return (
        f"**What dropout does here.** {verdict}: {points} of test accuracy against none. "
        f"{findings.options.images} images, {findings.options.wrong:.0%} of them with a wrong label: "
        f"without dropout the network gets {_mean(findings, NONE, 'train_accuracy')} of these right, "
        f"mistakes included; with it, {_mean(findings, SAMPLE, 'train_accuracy')}."
    )


def _once(findings: Findings) -> str:
    masked, whole = (findings.final(ONCE, what).mean() for what in ("masked_test_accuracy", "test_accuracy"))
    text = (
        "**Once for the whole training.** That is a smaller network: "
        f"{_mean(findings, ONCE, 'never_trained')} of the hidden units never moved (not one of their "
        f"weights, in or out, changed). With its mask it gets {masked:.1%} of the test images right; no "
        f"dropout at all: {_mean(findings, NONE, 'test_accuracy')}. "
    )
    if whole < masked - 0.05:
        return text + (
            f"**At evaluation all units take part, and it gets {whole:.1%}**: those that never learned "
            "anything join in with the weights they began with, and the trained ones lose the factor "
            f"{1 / (1 - findings.options.p):.3g} that they had learned with."
        )
    return text + f"At evaluation, with all units, it gets {whole:.1%}: here they did little harm."


def _against_sample(findings: Findings, variant: Variant) -> str:
    points, shown = _compare(findings, variant, SAMPLE)
    low, high = (f(findings.final(variant, "test_accuracy")) for f in (np.min, np.max))
    sample_low, sample_high = (f(findings.final(SAMPLE, "test_accuracy")) for f in (np.min, np.max))
    verdict = (
        f"{'Better' if findings.difference(variant)[0] > 0 else 'Worse'} than one for every sample: {points}"
        if shown
        else f"No difference from one for every sample that these runs could show: {points}"
    )
    loss = findings.final(variant, "thinned_loss").mean()
    steps = math.ceil(findings.options.images / findings.options.batch_size)
    masks = findings.options.epochs * (1 if variant is EPOCH else steps)
    return (
        f"{verdict}. From {low:.1%} to {high:.1%} over the runs (every sample: {sample_low:.1%} to "
        f"{sample_high:.1%}). {masks:,} masks in all, where every sample has its own: "
        f"{findings.options.epochs * findings.options.images:,}; loss in training mode {loss:.2f} (every "
        f"sample: {findings.final(SAMPLE, 'thinned_loss').mean():.2f})."
    )


def _evaluation(findings: Findings) -> str:
    average, p = findings.average, findings.options.p
    errors = ", ".join(f"{e:.3f} (K = {k})" for k, e in zip(average.masks, average.error, strict=True))
    return (
        f"**Why evaluation may use all units.** A mask is 0 or 1 / (1 - p) = {1 / (1 - p):.3g}, so its mean "
        f"is 1. Counted: under {average.masks[-1]} masks a hidden layer's mean is {average.ratio:.4f} of "
        f"its mean without; unit by unit, the average over K masks is off by {errors} of the units' own "
        f"size; theory, √(p / (1 - p) / K): {math.sqrt(p / (1 - p) / average.masks[-1]):.3f} in the end. "
        f"With the same mask every time it stays at {average.once_error[-1]:.2f}: nothing averages out."
    )


# ------------------------------------------------------------ the picture


def picture(findings: Findings, path: Path) -> None:
    """Learning curves, training against evaluation mode, units that never learned, the mean of masks."""
    figure = new_figure(14, 8, _headline(findings))
    (accuracy, loss, modes), (final, units, means) = figure.subplots(2, 3)
    _curve(accuracy, findings, "accuracy")
    accuracy.set_ylim(0, 1.03)
    accuracy.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    tidy(accuracy, "Accuracy: test images (thin dashes: training images)", xlabel="epoch")
    accuracy.legend(fontsize=8, title="a new mask for", title_fontsize=8, loc="lower right")
    _curve(loss, findings, "loss")
    loss.set_yscale("log")
    tidy(loss, "Loss: test images (thin dashes: training images)", xlabel="epoch", ylabel="nats")
    _modes(modes, findings)
    _final(final, findings)
    _units(units, findings)
    _means(means, findings)
    save_figure(figure, path)


def _headline(findings: Findings) -> str:
    sample, once = (findings.final(variant, "test_accuracy").mean() for variant in (SAMPLE, ONCE))
    return (
        f"A mask for every sample at every forward: {sample:.0%} of the test images right; one mask for the "
        f"whole training: {once:.0%}"
    )


def _curve(axes: Axes, findings: Findings, what: str) -> None:
    epochs = np.arange(1, findings.options.epochs + 1)
    for variant in VARIANTS:
        runs = findings.runs[variant.name]
        test = np.array([getattr(run, f"test_{what}") for run in runs])
        train = np.array([getattr(run, f"train_{what}") for run in runs])
        axes.fill_between(epochs, test.min(0), test.max(0), color=variant.color, alpha=0.12, linewidth=0)
        axes.plot(epochs, test.mean(0), color=variant.color, linewidth=1.8, label=variant.name)
        axes.plot(epochs, train.mean(0), "--", color=variant.color, linewidth=0.9)


def _rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")


def _modes(axes: Axes, findings: Findings) -> None:
    for row, variant in enumerate(VARIANTS):
        thinned, whole = (
            findings.final(variant, what).mean() for what in ("thinned_accuracy", "train_accuracy")
        )
        axes.plot([thinned, whole], [row, row], color=variant.color, linewidth=2.5, alpha=0.5)
        axes.plot(
            thinned, row, "o", color="white", markeredgecolor=variant.color, markeredgewidth=2, markersize=9
        )
        axes.plot(whole, row, "o", color=variant.color, markersize=9)
    _rows(axes, [variant.name for variant in VARIANTS])
    tidy(axes, "Training images: with masks (hollow), without (full)", xlabel="accuracy")


def _final(axes: Axes, findings: Findings) -> None:
    rows = [(v.name, v.color, findings.final(v, "test_accuracy")) for v in VARIANTS]
    rows.append(("once,\nwith its mask", PURPLE, findings.final(ONCE, "masked_test_accuracy")))
    for row, (_, color, values) in enumerate(rows):
        axes.plot(values, [row] * len(values), "o", color=color, alpha=0.55, markersize=6)
        axes.plot(values.mean(), row, "|", color=color, markersize=24, markeredgewidth=2.5)
        axes.annotate(
            f"{values.mean():.1%}",
            (values.mean(), row),
            (0, 13),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    _rows(axes, [name for name, _, _ in rows])
    tidy(axes, "Test images in the end: every run, and the mean", xlabel="accuracy")


def _units(axes: Axes, findings: Findings) -> None:
    for variant in VARIANTS:
        moved = np.sort(np.concatenate([run.moved for run in findings.runs[variant.name]]))
        axes.plot(np.linspace(0, 1, len(moved)), moved, color=variant.color, linewidth=2)
    still = findings.final(ONCE, "never_trained").mean()
    axes.annotate(
        f"drawn once: {still:.0%} of the units\nnever moved at all",
        (still * 0.5, 0), (0, 14), textcoords="offset points",
        ha="center", fontsize=8, color=VERMILION, arrowprops={"arrowstyle": "->", "color": VERMILION},
    )  # fmt: skip
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    tidy(
        axes,
        "How far a hidden unit's weights moved",
        xlabel="hidden units, sorted",
        ylabel="length of the change",
    )


def _means(axes: Axes, findings: Findings) -> None:
    average, p = findings.average, findings.options.p
    axes.loglog(average.masks, average.error, "o-", color=GREEN, label="a new mask each time")
    axes.loglog(average.masks, average.once_error, "^-", color=VERMILION, label="always the same mask")
    theory = [math.sqrt(p / (1 - p) / k) for k in average.masks]
    axes.loglog(average.masks, theory, ":", color=GRAY, linewidth=2.5, label="theory: √(p / (1 - p) / K)")
    axes.legend(fontsize=8, loc="lower left")
    tidy(axes, "Mean over K masks against evaluation: E[mask] = 1", xlabel="masks K", ylabel="relative error")


DROPOUT = Lab(QUESTION, Options, experiment, picture, answer)
