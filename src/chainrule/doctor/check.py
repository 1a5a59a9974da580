"""`check`: the doctor's front door."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .calling import required
from .criterion import as_subject
from .discovery.build_for import built_for
from .discovery.whole_by_running import whole_by_running
from .errors import NotASubject, SubjectError
from .examine import examine
from .experiments.unseen.losses import collapsed
from .experiments.unseen.scene import Scene
from .factories import build, is_factory
from .handed_in import intents, lists_as_arrays, refuse_empty, refuse_missing, refuse_unbuilt
from .objects import forward_of
from .pair_with_parameters import PairWithParameters, with_parameters
from .quiet import quietly
from .report import Finding, Report
from .snapshot import Snapshot
from .step_model import StepModel, only_steps
from .step_update import with_update
from .subject import Subject
from .tensors import refuse_tensors
from .torch_function import as_pair, is_torch_function
from .twins import one_per_line
from .waiting import waiting


def check(
    subject: Any,
    *inputs: Any,
    params: Any = None,
    loss: Any = None,
    target: Any = None,
    training: bool | None = None,
    intent: Iterable[str] = (),
    like: Any = None,
    seed: int = 0,
    **forward_kwargs: Any,
) -> Report:
    """Finds faults in hand-written forward and backward code, names their cause, and proves it.

    The gradients that backward gives are compared with the numerical gradient of sum(g * forward(x)), with a
    random g, for all inputs and parameters, in float64. Where they differ, experiments decide on the cause:
    each predicts the right gradient from the wrong one, or from a changed probe, and counts only if the
    prediction comes true.

        report = chainrule.check(layer, x)
        assert report.ok, report

    subject: an object with forward and backward (parameters and their gradients are found: `dW` beside `W`,
        `grads["W"]`, `params()` beside `gradients()` ...); one whose backward(dy, learning_rate) updates in
        place; a pair of functions (forward, backward) with `out, cache = forward(*inputs)`; a function that
        returns its way back, `out, back = f(*inputs)`; a class or a factory with default sizes; a composite
        of such objects; a loss; a model with only `step(x, target, learning_rate)`, or whose
        `loss(x, target)` leaves the gradients; a function or method that returns a loss and gradients; an
        optimizer; a chainrule layer; a `torch.autograd.Function`.
    inputs: what forward takes: arrays, ids, lists of time steps ... Their values are hints: where they could
        hide a fault (a batch of 1, constant values) others are probed. So are their sizes: a copy of the
        subject is cut to a few features, samples and steps if it does there what it does at its own size
        (`report.sizes`).
    params: the parameters, where they are not found: names, {name: array}, or {name: name of its gradient};
        of two functions, the arrays that they use: a list, or a dict of any depth.
    loss, target: (loss, gradient), two functions of (y, target), one function that returns both, or a loss
        object; then the whole is checked from its loss.
    training: puts the subject into training (True) or evaluation mode (False).
    intent: what the code is meant to be: {"causal"}, {"padding"} ... Without it a leak of the future, which
        could be meant, is not looked for, unless names or masks tell. Unknown words raise ValueError.
    like: a reference (a layer, function, callable, torch module): differences to it are explained.
    seed: of the probes. forward_kwargs: further arguments of forward.

    Returns a Report: `ok`, `findings` (most certain first), `not_tested`. The subject is left as it was
    found: weights, buffers, random state. Raises NotASubject (a TypeError) where there is no forward and
    backward, or an input is missing; ValueError for an empty batch.
    """
    start = time.perf_counter()
    report, words = Report(_name(subject)), intents(intent)
    handed_in = subject
    with waiting(f"checking {report.name}"), quietly():
        if is_torch_function(subject):
            subject, inputs = as_pair(subject, inputs)
        else:
            refuse_tensors(subject, inputs)
            subject, inputs = built_for(subject, inputs, target)
            subject = with_parameters(subject, params, len(inputs))
            params = None if isinstance(subject, PairWithParameters) else params
            subject = _begun(subject)
            subject = whole_by_running(subject, inputs) or subject
            inputs = inputs or _held(subject)
        if not inputs and target is None and is_bare_optimizer(subject):
            report.findings = _of_optimizer(subject, report)
            report.seconds = time.perf_counter() - start
            return report
        options = {"training": training, "target": target, "loss": loss}
        builds = _built(subject, inputs, report, target) if is_factory(subject) else [(subject, inputs)]
        for subject, inputs in builds:
            report.tested, report.not_tested, report.not_yet = [], [], []
            face = _face(subject, inputs, forward_kwargs, **options)
            lists_as_arrays(face)
            refuse_missing(face)
            refuse_empty(face)
            found = examine(face, report, intent=words, seed=seed, given=params, like=like)
            if loss is None:
                found = with_update(handed_in, inputs, target, found)
            report.findings = one_per_line(found)
            report.assumed += _of_loss(subject)
            if report.findings:
                break
        if report.findings and loss is not None:
            report.findings = _of_loss_or_model(report, subject, inputs, forward_kwargs, options, seed)
    report.seconds = time.perf_counter() - start
    return report


def _begun(subject: Any) -> Any:
    """What returns its way back, or a loss and gradients in one, is wrapped, and so is a pair whose backward
    takes the gradients of several outputs in another order; all else stays what it is.
    """
    from .discovery.closures import as_closure
    from .discovery.contexts import contextual_pair, is_contextual
    from .discovery.data_inside import around_data, takes_data
    from .discovery.upstreams_by_name import in_order_of_outputs
    from .discovery.whole import Whole
    from .discovery.whole_methods import as_whole

    if is_contextual(subject):
        return contextual_pair(subject)
    if isinstance(subject, (tuple, list)) and len(subject) == 2 and all(map(callable, subject)):
        return in_order_of_outputs(*subject)
    own = not inspect.isroutine(subject) and not isinstance(subject, (type, tuple, list, Whole))
    if own and takes_data(type(subject)) is not None:
        return around_data(subject)
    return as_closure(subject) or as_whole(subject) or subject


def _held(subject: Any) -> tuple[Any, ...]:
    """The data of a model that is built around them."""
    from .discovery.whole import Whole

    return subject.held if isinstance(subject, Whole) else ()


def _of_loss(subject: Any) -> list[str]:
    """Which loss was assumed for a model that tells none."""
    from .discovery.whole import Whole

    said = subject.says() if isinstance(subject, Whole) else ""
    return [said] if said else []


def _name(subject: Any) -> str:
    if isinstance(subject, (tuple, list)) and subject:
        return getattr(subject[0], "__name__", "pair")
    return getattr(subject, "__name__", type(subject).__name__)


def _built(
    factory: Any, inputs: tuple[Any, ...], report: Report, target: Any
) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The first way with sizes that tell axes apart in which forward runs, then the sizes that were given:
    other sizes can show a fault, and they can hide one (a single window, a single step).
    """
    refuse_unbuilt(factory)
    error: Exception | None = None
    found = 0
    for subject, changed, assumed in build(factory, inputs):
        if found and changed is not inputs:
            continue
        try:
            face = _face(subject, changed, {}, training=None, target=target, loss=None)
            face.forward(face.inputs)
        except Exception as problem:
            error = problem
            continue
        found += 1
        report.assumed.append(f"built with {assumed}")
        yield subject, changed
    if not found:
        raise NotASubject(f"what {_name(factory)} builds does not run on these inputs: {error}")


def _face(
    subject: Any,
    inputs: Sequence[Any],
    kwargs: dict[str, Any],
    *,
    training: bool | None,
    target: Any,
    loss: Any,
) -> Subject:
    """The subject with its target: as part of a loss, or as an argument that forward asks for."""
    inputs = tuple(inputs)
    subject = _begun(subject)
    if only_steps(subject):
        return StepModel(subject, inputs, target)
    if target is not None and loss is None:
        names = forward_of(subject)
        function = (
            subject[0] if isinstance(subject, (tuple, list)) else getattr(subject, names) if names else None
        )
        if function is not None and len(required(function)) > len(inputs):
            inputs = (*inputs, target)
    return Subject(subject, inputs, kwargs, training=training, loss=loss, target=target)


def _of_loss_or_model(
    report: Report,
    subject: Any,
    inputs: Sequence[Any],
    kwargs: dict[str, Any],
    options: dict[str, Any],
    seed: int,
) -> list[Any]:
    """The whole is wrong: is it the loss's gradient, or the model's?"""
    whole = report.findings
    model = _face(subject, inputs, kwargs, training=options["training"], target=None, loss=None)
    try:
        both = _face(subject, inputs, kwargs, **options)
        met = list(collapsed(Scene(both, both.inputs, Snapshot(both.roots))))
        if met:
            return met  # what else is wrong with the loss and its gradient comes of it
        y = model.forward(model.inputs).outputs
        alone = Subject(as_subject(options["loss"]), (y, options["target"]), name="loss")
        of_loss = examine(alone, Report("loss"), path="loss", seed=seed)
        if of_loss:
            return of_loss
    except (SubjectError, NotASubject):
        pass
    return whole


def is_bare_optimizer(subject: Any) -> bool:
    from .training.likeness import is_optimizer

    return is_optimizer(subject)


def _of_optimizer(subject: Any, report: Report) -> list[Finding]:
    from .training.optimizer import check_optimizer

    return check_optimizer(subject, notes=report.not_tested)


__all__ = ["SubjectError", "check"]
