"""`check_training`: watches some steps of a training, and does the experiments of section F on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..quiet import quietly
from ..report import Finding, Report
from ..subject import NotASubject
from ..waiting import now, waiting
from .course import Course, run_course
from .discovery import discover
from .experiments.adam import adam
from .experiments.chains import chains
from .experiments.collapse import collapse
from .experiments.dead import dead
from .experiments.first_loss import first_loss
from .experiments.frozen import frozen
from .experiments.hazard import hazard
from .experiments.misaligned import misaligned
from .experiments.overlap import overlap
from .experiments.ratio import ratio
from .experiments.symmetric import symmetric
from .experiments.unused import unused
from .experiments.update import update
from .optimizer import check_optimizer
from .running import NotTrainable
from .study import Study
from .trainee import Trainee
from .verdict import verdict

Experiment = Callable[[Study], list[Finding]]
ALWAYS: tuple[Experiment, ...] = (hazard, overlap)
FINITE: tuple[Experiment, ...] = (
    update,
    frozen,
    adam,
    misaligned,
    unused,
    symmetric,
    chains,
    dead,
    first_loss,
    collapse,
)

ASKED: dict[Experiment, str] = {  # the codes that each may find
    adam: "adam-bias-correction-wrong",
    chains: "gradient-explodes, gradient-vanishes",
    collapse: "single-class-collapse",
    dead: "dead-units",
    first_loss: "initial-loss-off",
    frozen: "parameter-not-updated, rows-not-updated",
    hazard: "dtype-hazard",
    misaligned: "labels-misaligned",
    overlap: "evaluation-on-training-data",
    ratio: "update-ratio-off",
    symmetric: "symmetric-units",
    unused: "input-unused",
    update: "update-disagrees",
}


def check_training(
    subject: Any,
    x: Any = None,
    target: Any = None,
    *,
    step: Any = None,
    predict: Any = None,
    optimizer: Any = None,
    loss: Any = None,
    evaluation: Any = None,
    learning_rate: float | None = None,
    params: Any = None,
    batch_size: int | None = None,
    steps: int = 30,
    seed: int = 0,
) -> Report:
    """Watches a training for some steps, and finds faults of the update and of training as it runs.

    subject: a model, anybody's. It is trained by `step(x, target, learning_rate) -> loss` (by default its own
    method of such a name), or by its forward and backward with `optimizer` and `loss` (a pair `(loss,
    loss_gradient)`, a loss layer). Without x: a bare optimizer, tried under a constant gradient.
    predict: x -> logits or probabilities. evaluation: (x, target) as the test loop reads them.
    params: name -> array, where they would not be found. The subject is left as it was: weights, buffers,
    random state.
    """
    start = time.perf_counter()
    report = Report(getattr(subject, "__name__", type(subject).__name__))
    with waiting(f"watching the training of {report.name}"), quietly():
        if x is None:
            report.findings = check_optimizer(
                optimizer if subject is None else subject,
                learning_rate=learning_rate,
                notes=report.not_tested,
            )
            report.tested = ["steps under a constant gradient"]
            report.tested_are = "the optimizer's"
        else:
            try:
                trainee = Trainee(
                    subject,
                    x,
                    target,
                    step=step,
                    predict=predict,
                    optimizer=optimizer,
                    loss=loss,
                    learning_rate=learning_rate,
                    params=params,
                    batch_size=batch_size,
                )
            except (NotTrainable, NotASubject) as error:
                report.not_tested.append(str(error))
                return report
            try:
                study = examine(trainee, evaluation, steps, report)
                report.findings = verdict(study)
            finally:
                trainee.close()
    report.seconds = time.perf_counter() - start
    return report


def examine(trainee: Trainee, evaluation: Any, steps: int, report: Report) -> list[Finding]:
    """All experiments; what each found."""
    failed: Exception | None = None
    try:
        discover(trainee)
    except Exception as error:
        failed = error
    course = run_course(trainee, steps) if failed is None else Course(error=failed, failed_at=0)
    if failed is not None:
        trainee.restore_to(trainee.first)
        course.end = trainee.first
    trainee.restore_to(trainee.first)
    study = Study(trainee, course, evaluation, steps, report.not_tested)
    found: list[Finding] = []
    for experiment in ALWAYS:
        found += _guarded(study, experiment, report)
    if course.error is not None and not any(f.code == "dtype-hazard" for f in found):
        report.not_tested.append(f"a training step raises {type(course.error).__name__}: {course.error}")
        return found
    if any(f.code == "dtype-hazard" and f.verified for f in found):
        return found
    experiments = (
        FINITE
        if course.finite
        else tuple(e for e in FINITE if e in (update, frozen, adam, misaligned, chains, first_loss))
    )
    for experiment in experiments:
        found += _guarded(study, experiment, report)
    if not any(f.code in ("update-disagrees", "adam-bias-correction-wrong", "sign-flipped") for f in found):
        found += _guarded(study, ratio, report)
    return found


def _guarded(study: Study, experiment: Experiment, report: Report) -> list[Finding]:
    """Foreign code may fail on what an experiment tries: that is no finding."""
    trainee = study.trainee
    trainee.restore_to(trainee.first)
    codes = ASKED[experiment]
    now(codes)
    try:
        found = experiment(study)
        if not found:
            report.tested.append(codes)
        report.tested_are = "experiments on"
        return found
    except Exception as error:
        report.not_tested.append(f"{codes}: {type(error).__name__}: {error}")
        return []
    finally:
        trainee.restore_to(trainee.first)
