"""Pictures of a run: learning curves, the confusion matrix, the mistakes the model was surest of; and where a
translation model looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.functions import softmax
from chainrule.functions.arrays import Array

from .evaluation import Evaluation
from .files import atomic
from .fonts import readable
from .progress import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def learning_curves(history: Sequence[Record], path: str | Path) -> None:
    """Loss and accuracy over the epochs, training against validation."""
    figure = _figure(9, 3.6)
    epochs = [record["epoch"] for record in history]
    for axes, metric, label in zip(
        figure.subplots(1, 2), ("loss", "accuracy"), ("loss (nats)", "accuracy"), strict=True
    ):
        for part, color in (("train", "tab:blue"), ("validation", "tab:orange")):
            if f"{part}_{metric}" in history[0]:
                axes.plot(epochs, [r[f"{part}_{metric}"] for r in history], ".-", color=color, label=part)
        axes.set(xlabel="epoch", ylabel=label)
        axes.grid(alpha=0.3)
        axes.legend()
        axes.xaxis.get_major_locator().set_params(integer=True)
    _save(figure, path)


def confusion_matrix(
    evaluation: Evaluation, classes: Sequence[str], path: str | Path, samples: str = "images"
) -> None:
    """Row: the true class; column: the predicted one; number: how many samples (`samples`: what they are).

    The color is the share of the row, so that rare classes are seen beside frequent ones; on the right, how
    much of each class was found.
    """
    from sklearn.metrics import confusion_matrix as count

    counts = count(evaluation.labels, evaluation.predictions, labels=range(len(classes)))
    of_class = counts.sum(1)
    shares = counts / np.maximum(of_class, 1)[:, None]
    found = shares.diagonal()
    side = 2.2 + 0.5 * len(classes)
    figure = _figure(side + 1.4, side)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        color = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, counts[row, column], ha="center", va="center", color=color, fontsize=8)
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    axes.set(
        xlabel="predicted",
        ylabel="true",
        title=f"accuracy {evaluation.accuracy:.2%} of {len(evaluation.labels):,} {samples}\n"
        f"on average {found[of_class > 0].mean():.1%} of each class",
    )
    right = axes.secondary_yaxis("right")
    texts = [f"{share:.0%} of {n:,}" if n else "none" for share, n in zip(found, of_class, strict=True)]
    right.set_yticks(range(len(classes)), texts, fontsize=8)
    _save(figure, path)


def worst_mistakes(
    evaluation: Evaluation, images: Array, classes: Sequence[str], path: str | Path, most: int = 24
) -> None:
    """The wrong answers with the largest loss: true class, predicted class, and how sure the model was.

    images: (samples, channels, height, width), grayscale or RGB, in any range.
    """
    probabilities, _ = softmax(evaluation.logits.astype(np.float64))
    wrong = np.flatnonzero(evaluation.predictions != evaluation.labels)
    true_probability = probabilities[wrong, evaluation.labels[wrong]]
    chosen = wrong[np.argsort(true_probability, kind="stable")][:most]
    columns = 8
    rows = max(1, -(-len(chosen) // columns))
    figure = _figure(1.35 * columns, 1.6 * rows + 0.5)
    figure.suptitle(
        f"{len(wrong)} of {len(evaluation.labels)} wrong; the {len(chosen)} worst: true → predicted"
    )
    for axes in np.ravel(figure.subplots(rows, columns)):
        axes.axis("off")
    for axes, index in zip(figure.axes, chosen, strict=False):
        image = images[index].transpose(1, 2, 0).astype(np.float64)
        low, high = image.min(), image.max()
        axes.imshow(
            (image - low) / (high - low if high > low else 1), cmap="gray_r" if image.shape[-1] == 1 else None
        )
        true, predicted = evaluation.labels[index], evaluation.predictions[index]
        axes.set_title(
            f"{classes[true]} → {classes[predicted]}\n{probabilities[index, predicted]:.0%}", fontsize=8
        )
    _save(figure, path)


def alignment(weights: Array, source: Sequence[str], target: Sequence[str], path: str | Path) -> None:
    """Where a translation model looked: a row for each token that it said, a column for each that it read.

    weights: (target, source), each row sums to 1. Tokens in any script: see `chainrule.training.fonts`.
    """
    labels, fonts = readable([*source, *target])
    across, down = labels[: len(source)], labels[len(source) :]
    widest, tallest = max(map(len, down)), max(map(len, across))
    turned = tallest > 2
    cell, letter = 0.26, 0.1  # inches
    figure = _figure(
        1.6 + cell * len(across) + letter * widest,
        0.8 + cell * max(4, len(down)) + letter * (tallest if turned else 1),
    )
    axes = figure.subplots()
    image = axes.imshow(weights, cmap="Blues", vmin=0)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(across)), across, rotation=90 * turned, family=fonts, parse_math=False)
    axes.set_yticks(range(len(down)), down, family=fonts, parse_math=False)
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, shrink=0.6, label="attention")
    _save(figure, path)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def _save(figure: Figure, path: str | Path) -> None:
    options: dict[str, Any] = {"format": Path(path).suffix.removeprefix(".") or "png"}
    with atomic(path) as temporary:
        figure.savefig(temporary, **options)
