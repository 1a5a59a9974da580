"""The end of debugging by print: `print(chainrule.trace(model, x, target, loss))`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from chainrule.doctor.recorder import Call
from chainrule.doctor.snapshot import Snapshot

from .lines import Line, Trace
from .running import Step
from .statistics import arrays_in, statistics
from .subjects import name_of, randomness_of_ours, runnable
from .watching import Watching
from .weights import Weight, contents, find_weights, ratio


def trace(
    model: Any,
    x: Any,
    target: Any = None,
    loss: Any = None,
    learning_rate: float | None = None,
    optimizer: Any = None,
    **forward_kwargs: Any,
) -> Trace:
    """Runs one training step of anybody's model and returns what every layer took, made and handed back.

    model: one of our layers, an object with forward and backward, a pair of functions (forward, backward), a
    model with step(x, target, learning_rate), or a class or function that makes one of these without being
    told anything.
    x: the input; a tuple for several.
    loss: an object with forward and backward, a function (y, target) -> value, or a pair of functions (loss,
    gradient). Without one, backward begins with random numbers of the output's shape.
    learning_rate: for a backward(dy, learning_rate), and for the ratio of step to weight.
    optimizer: an object with step(), or a function; called after backward, and the ratio is that of its step.
    forward_kwargs: what else forward takes, by name: mask=..., training=True.

    Nothing stays changed: weights, gradients, caches and random numbers are put back. An error of the model
    does not raise; the lines lead up to it, and it is in `trace.error`. Raises TypeError if model or loss is
    nothing that can be run.
    """
    inputs = x if isinstance(x, tuple) else (x,)
    named, subject = runnable(model)
    step = Step(subject, inputs, target, loss, learning_rate, optimizer, forward_kwargs)
    step.check()
    snapshot = Snapshot([subject, *inputs, target, loss, optimizer, *randomness_of_ours()])
    seen_inputs = tuple(statistics(array) for array in arrays_in(list(inputs)))
    before = contents(subject)
    between, loss_place, error = before, None, None

    def before_loss() -> None:
        nonlocal loss_place
        loss_place = len(watching.calls)

    def before_backward() -> None:
        nonlocal between
        between = contents(subject)
        watching.rescan()  # a recurrent model may have made its layers in forward

    step.before_loss, step.before_backward = before_loss, before_backward
    watching = Watching(subject)
    try:
        try:
            with watching, np.errstate(all="ignore"):
                step.run()
        except Exception as raised:
            error = raised
        weights = find_weights(subject, watching.layers, before, between)
    finally:
        snapshot.restore()
    lines = _call_lines(watching.calls, weights, step.learning_rate)
    if loss_place is not None and step.loss_result is not None and loss is not None:
        lines[loss_place:loss_place] = _loss_lines(step)
    return Trace(
        name=name_of(named),
        inputs=seen_inputs,
        lines=(*lines, *_weight_lines(lines, weights, step.learning_rate)),
        loss=None if step.loss_result is None else step.loss_result.value,
        notes=tuple(step.notes),
        error=error,
    )


def _call_lines(calls: list[Call], weights: list[Weight], rate: float | None) -> list[Line]:
    # a layer that is used several times gets all its gradients before it moves: its last line tells the ratio
    last = {call.path: call.index for call in calls if call.phase == "backward"}
    lines = []
    for call in calls:
        own = [weight for weight in weights if weight.layer == call.path]
        lines.append(
            Line(
                call.phase,
                call.path,
                name_of(call.layer),
                call.depth,
                call.outputs.arrays,
                call.outputs.given,
                call.outputs.incoming if call.phase == "backward" else None,
                ratio(own, rate) if last.get(call.path) == call.index else None,
                None if call.error is None else type(call.error).__name__,
            )
        )
    return lines


def _loss_lines(step: Step) -> list[Line]:
    result, kind = step.loss_result, name_of(step.loss)
    assert result is not None
    made: list[tuple[Literal["forward", "backward"], Any]] = [("forward", np.float64(result.value))]
    if result.gradient is not None:
        made.append(("backward", result.gradient))
    return [Line(phase, "loss", kind, 0, (statistics(array),)) for phase, array in made]


def _weight_lines(lines: list[Line], weights: list[Weight], rate: float | None) -> list[Line]:
    """One for each weight that stands in the model itself, or in something whose backward was not seen."""
    spoken_for = {line.path for line in lines if line.phase == "backward" and line.path}
    found = []
    for weight in weights:
        if weight.layer not in spoken_for:
            if weight.gradient is not None:
                figures, what = statistics(weight.gradient), "gradient"
            else:
                figures, what = statistics(weight.step), "step"
            incoming = figures.norm if what == "gradient" else None
            moves = ratio([weight], rate)
            found.append(Line("update", weight.name, what, 0, (figures,), incoming=incoming, ratio=moves))
    return found
