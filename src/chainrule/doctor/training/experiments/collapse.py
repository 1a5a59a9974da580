"""single-class-collapse: one class for every input; controls tell initialization, dead units, learning rate
and class prior apart.

Each suspected cause is taken away and the training repeated: other first weights, a smaller learning rate, a
balanced set. The one that brings the other classes back is the cause.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...report import Finding
from ..course import Course
from ..labels import Labels, answers
from ..stages import Stage
from ..study import Study
from .dead import dead_shares

ONE_CLASS = 0.995
COLLAPSED = 0.05  # spread across samples against the size of the numbers, relative to the input's


@dataclass(frozen=True)
class Control:
    """One suspected cause taken away."""

    cause: str
    words: str
    diverse: bool
    loss: float


def collapse(study: Study) -> list[Finding]:
    labels = study.labels
    if labels is None or not labels.per_sample or len(np.unique(labels.ids)) < 2 or study.last_output is None:
        return []
    said = answers(study.last_output, labels)
    if said is None or not is_one_class(said):
        return []
    share = float(np.mean(labels.ids == np.bincount(said).argmax()))
    slow = _with_more_steps(study, labels)
    prior = float(labels.shares.max()) > 0.75
    if slow > 1 / len(np.unique(labels.ids)) + 0.05 and not prior:
        return []
    first = first_collapsed(study)
    controls = _controls(study, labels, slow)
    if prior and slow > 1 / len(np.unique(labels.ids)) + 0.05 and not controls[0].diverse:
        return []
    cause = next((c for c in controls if c.diverse), None)
    if cause is None and _nothing_to_learn(study, labels):
        return []
    place = first.where if first is not None and cause is not None and cause.cause == "initialization" else ""
    detail = f"class {int(np.bincount(said).argmax())} for every input (it is {share:.0%} of the targets)"
    if first is not None:
        detail += f"; the first place where the samples become alike is {first.where}"
    if cause is not None:
        detail += f"; {cause.words}: the cause is the {cause.cause}"
    return [
        study.finding(
            "single-class-collapse",
            [],
            where=place,
            verified=cause is not None,
            evidence={
                "share of the class": share,
                "loss": study.course.mean_loss(),
                **{f"{c.cause}: other classes without it": c.diverse for c in controls},
                **({"cause": cause.cause} if cause else {}),
            },
            detail=detail,
            **({"fix": _FIXES[cause.cause]} if cause else {}),
            **({"file": first.file, "line": first.line} if place and first and first.file else {}),
        )
    ]


_FIXES = {
    "initialization": "W = rng.normal(size=...) * np.sqrt(2 / (fan_in + fan_out))",
    "learning rate": "a smaller learning rate",
    "biases": "b = np.zeros(units)",
    "scale of the input": "x = (x - x.mean()) / x.std()",
    "class prior": "weight the classes in the loss, or draw each class equally often",
}


def is_one_class(said: np.ndarray) -> bool:
    return bool(np.bincount(said).max() >= ONE_CLASS * len(said))


def _with_more_steps(study: Study, labels: Labels) -> float:
    """The balanced accuracy after more steps: the watched run may just have been short."""
    course, output = study.again(min(4 * study.steps, 400))
    return _judged(output, labels) if course.finite else 0.0


def _judged(output: np.ndarray | None, labels: Labels) -> float:
    """The accuracy where every class counts the same; 0 for one class."""
    said = answers(output, labels) if output is not None and np.all(np.isfinite(output)) else None
    return 0.0 if said is None or is_one_class(said) else balanced_accuracy(said, labels)


def _is_diverse(output: np.ndarray | None, labels: Labels, above: float = 0.0) -> bool:
    """Other classes are named, and rightly so: better than by guessing."""
    return _judged(output, labels) > max(1 / len(np.unique(labels.ids)), above) + 0.05


def balanced_accuracy(said: np.ndarray, labels: Labels) -> float:
    return float(np.mean([np.mean(said[labels.ids == c] == c) for c in np.unique(labels.ids)]))


def _controls(study: Study, labels: Labels, slow: float) -> list[Control]:
    trainee = study.trainee
    found: list[Control] = []

    def note(cause: str, words: str, course: Course, output: np.ndarray | None) -> bool:
        above = slow + 0.05 if cause == "class prior" else 0.0
        diverse = course.finite and _is_diverse(output, labels, above)
        found.append(Control(cause, words, diverse, course.mean_loss()))
        return diverse

    if labels.shares.max() > 0.75 and _balanced(study, labels, note):
        return found
    if trainee.can_change_rate and trainee.rate:
        for divisor in (10, 100):
            course, output = study.again(2 * study.steps, rate=trainee.rate / divisor)
            if note(
                "learning rate",
                f"with a learning rate {divisor} times smaller other classes appear",
                course,
                output,
            ):
                return found
    course, output = study.again(2 * study.steps, prepare=lambda: _without_biases(study))
    if note("biases", "with all biases at 0 other classes appear", course, output):
        return found
    course, output = study.again(2 * study.steps, prepare=lambda: reinitialize(study))
    if not note("initialization", "with weights drawn by Glorot's rule other classes appear", course, output):
        _standardized(study, note)
    return found


def _standardized(study: Study, note: Callable[..., bool]) -> None:
    """Inputs of mean 0 and spread 1 instead of raw ones (pixels from 0 to 255)."""
    trainee = study.trainee
    kept = trainee.x
    if not isinstance(kept, np.ndarray) or kept.dtype.kind not in "fu":
        return
    middle, spread_ = float(kept.mean()), float(kept.std()) or 1.0
    if 0.1 < spread_ < 10 and abs(middle) < 3 * spread_:
        return
    try:
        trainee.x = (kept - middle) / spread_
        course, output = study.again(2 * study.steps)
    finally:
        trainee.x = kept
        trainee.restore()
    note("scale of the input", "with inputs of mean 0 and spread 1 other classes appear", course, output)


def _without_biases(study: Study) -> None:
    """What has one axis is set to 0 (ones stay ones: they are scales)."""
    for weight in (*study.trainee.weights, *study.trainee.unmoved):
        value = weight.read()
        if not _is_matrix(value) and not np.all(value == 1):
            weight.set(np.zeros_like(value))


def reinitialize(study: Study, bias: float = 0.0) -> None:
    """Glorot's rule for matrices and kernels; what has one axis is set to 0 (or drawn, `bias` wide), ones
    stay ones. Where nothing has two axes, vectors are the weights.
    """
    rng = np.random.default_rng(23)
    every = [*study.trainee.weights, *study.trainee.unmoved]
    values = [w.read() for w in every]
    flat = not any(_is_matrix(v) for v in values)
    for weight, value in zip(every, values, strict=True):
        if _is_matrix(value) or (flat and value.size > 1):
            fans = sum(value.shape[:2]) * max(1, value[0, 0].size if value.ndim > 2 else 1)
            weight.set(rng.normal(size=value.shape) * np.sqrt(2 / fans))
        elif not np.all(value == 1):
            weight.set(bias * rng.normal(size=value.shape))


def _is_matrix(value: np.ndarray) -> bool:
    return value.ndim > 2 or (value.ndim == 2 and min(value.shape) > 1)


def _balanced(study: Study, labels: Labels, note: object) -> bool:
    """Repeats the rare classes until all are equally frequent."""
    trainee = study.trainee
    largest = int(np.bincount(labels.ids).max())
    parts = [np.resize(np.flatnonzero(labels.ids == c), largest) for c in np.unique(labels.ids)]
    order = np.random.default_rng(29).permutation(np.concatenate(parts))
    x, target = trainee.x, trainee.target
    kept = trainee.samples
    try:
        trainee.x, trainee.target = trainee.part(order)
        trainee.samples = len(order)
        course, _ = study.again(2 * study.steps)
        trainee.restore()
        for t in range(len(course.losses)):
            trainee.step(*trainee.batch(t))
        output = study.answer(x)
    finally:
        trainee.x, trainee.target, trainee.samples = x, target, kept
        trainee.restore()
    assert callable(note)
    return bool(
        note("class prior", "trained on equally many of each class, other classes appear", course, output)
    )


def _nothing_to_learn(study: Study, labels: Labels) -> bool:
    """No control helps, and the answers do differ between inputs: the data may hold no more than this."""
    output = study.last_output
    if output is None:
        return True
    alive = not any(share > 0.9 for share, _, _ in dead_shares(study, trained=True).values())
    return alive and spread(output if output.ndim > 1 else output[:, None]) > 1e-3


def first_collapsed(study: Study) -> Stage | None:
    """The first place at which samples differ far less than they did at the input, at the first weights."""
    for found in (study.first_stages, study.last_stages):
        for stage in found:
            if stage.value.ndim > 1 and spread(stage.rows) < COLLAPSED:
                return stage
    return None


def spread(rows: np.ndarray) -> float:
    """How much samples differ, relative to the size of the numbers."""
    rows = rows.reshape(len(rows), -1)
    size = float(np.sqrt(np.mean(rows**2)))
    return float(np.sqrt(np.mean((rows - rows.mean(0)) ** 2))) / size if size else 0.0
