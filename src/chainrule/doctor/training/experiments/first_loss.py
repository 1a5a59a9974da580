"""initial-loss-off: the first loss is far from ln C: the weights, the input, or a sum for a mean."""

from __future__ import annotations

import numpy as np

from ...report import Finding
from ..labels import cross_entropy, is_cross_entropy
from ..study import Study

FACTOR, ABOVE = 2.5, 2.5  # far: more than so many times ln C, and so much above it (He's rule gives up to 2)


def first_loss(study: Study) -> list[Finding]:
    trainee = study.trainee
    if study.first_output is None:
        return _by_loss(study)
    if study.labels is None:
        return []
    x, target = trainee.batch(0)
    trainee.restore()
    output = study.answer(x)
    trainee.restore()
    loss = trainee.loss(x, target)
    trainee.restore()
    labels = study.labels_of(target, output)
    if output is None or labels is None:
        return []
    mean = cross_entropy(output, labels)
    if mean is None or not np.isfinite(loss):
        return []
    expected, count = float(np.log(study.labels.classes)), len(labels.ids)
    if not is_cross_entropy(loss, mean, output, labels):
        return _sum(study, loss, mean, count, expected)
    limit = max(FACTOR * expected, expected + ABOVE)
    if loss <= limit:
        return []
    calmer = _calmed(study, x, target)
    if not calmer:
        return []
    cause, value = calmer
    return [
        study.finding(
            "initial-loss-off",
            ["x"] if cause == "x" else [cause],
            verified=True,
            evidence={
                "first loss": loss,
                "ln C": expected,
                "classes": study.labels.classes,
                f"with a smaller {cause}": value,
            },
            detail=f"the first loss is {loss:.4g}, ln {study.labels.classes} = {expected:.4g}; "
            f"with {cause} scaled down it is {value:.4g}",
        )
    ]


def _by_loss(study: Study) -> list[Finding]:
    """Of a step that shows no answers: with all weights near 0 its loss is ln C, with C the length of an axis
    of a weight and more than every label. Then it is a cross-entropy, and the first one should be near.
    """
    trainee = study.trainee
    batch = trainee.batch(0)
    ids = np.asarray(batch[1]) if batch[1] is not None else np.zeros(0)
    if ids.dtype.kind not in "iu" or not ids.size or ids.min() < 0:
        return []
    small = {w.name: 1e-3 * study.course.start[w.name] for w in trainee.weights}
    calm, loss = trainee.loss_at(small, batch), trainee.loss_at({}, batch)
    trainee.restore()
    sizes = {n for w in trainee.weights for n in np.shape(w.get()) if n > max(1, int(ids.max()))}
    classes = next((n for n in sorted(sizes) if abs(calm - np.log(n)) < 1e-3 * np.log(n)), None)
    if classes is None or loss <= max(FACTOR * np.log(classes), np.log(classes) + ABOVE):
        return []
    return [
        study.finding(
            "initial-loss-off",
            [w.name for w in trainee.weights],
            verified=True,
            evidence={"first loss": loss, "ln C": float(np.log(classes)), "classes": classes},
            detail=f"the first loss is {loss:.4g}, ln {classes} = {np.log(classes):.4g}; with all weights "
            f"scaled down it is {calm:.4g}",
        )
    ]


def _sum(study: Study, loss: float, mean: float, count: int, expected: float) -> list[Finding]:
    """Is the loss a sum? Then half of the batch has half of it."""
    trainee = study.trainee
    samples = trainee.size
    factor = next((n for n in (count, samples) if n > 1 and abs(loss / (n * mean) - 1) < 0.1), None)
    if factor is None:
        return []
    half = trainee.part(np.arange(samples // 2))
    trainee.restore()
    smaller = trainee.try_(lambda: trainee.loss(*half))
    trainee.restore()
    if isinstance(smaller, Exception) or not 0.3 < smaller / loss < 0.7:
        return []
    return [
        study.finding(
            "initial-loss-off",
            [],
            verified=True,
            evidence={
                "first loss": loss,
                "ln C": expected,
                "loss / mean": loss / mean,
                "half a batch": smaller,
            },
            detail=f"the first loss is {loss:.4g}: {factor} times {mean:.4g}, a sum over the "
            f"batch; half of the batch has {smaller:.4g}",
            fix="loss = loss.mean(); dlogits /= len(x)    # the mean over the batch, in both",
        )
    ]


def _calmed(study: Study, x: object, target: object) -> tuple[str, float] | None:
    """What has to shrink for the first loss to be near ln C: the input, or a weight; and the loss then."""
    trainee = study.trainee
    expected = float(np.log(study.labels.classes)) if study.labels else 0.0
    limit = max(1.5 * expected, expected + 0.75)
    if isinstance(x, np.ndarray) and x.dtype.kind in "fiu":
        size = float(np.sqrt(np.mean(x.astype(float) ** 2)))
        if size > 10:
            loss = trainee.try_(lambda: trainee.loss_at({}, (x / size, target)))
            trainee.restore()
            if not isinstance(loss, Exception) and loss < limit:
                return "x", loss
    best: tuple[float, str, float] | None = None
    for weight in trainee.weights:
        value = study.course.start[weight.name]
        if value.ndim < 2:
            continue
        loss = trainee.loss_at({weight.name: value * 0.02}, (x, target))
        if loss < limit and (best is None or _rms(value) > best[0]):
            best = _rms(value), weight.name, loss
    trainee.restore()
    if best is not None:
        return best[1], best[2]
    every = {w.name: 0.02 * study.course.start[w.name] for w in trainee.weights}
    loss = trainee.loss_at(every, (x, target))
    trainee.restore()
    return ("the weights", loss) if loss < limit else None


def _rms(value: np.ndarray) -> float:
    return float(np.sqrt(np.mean(value**2) * max(value.shape[0], 1)))
