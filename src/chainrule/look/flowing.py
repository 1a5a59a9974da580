"""How far do gradients come? `print(chainrule.gradient_flow(model, x, target, loss))`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.doctor.recorder import Call, Recording
from chainrule.doctor.snapshot import Snapshot
from chainrule.functions.arrays import Array

from .flow import GradientFlow, LayerFlow, TimeFlow
from .growth import Growth, fit_growth
from .over_time import ends_differ, norms_over, state_norms
from .radii import recurrent_matrices
from .running import Step
from .statistics import arrays_in, norm
from .subjects import name_of, randomness_of_ours, runnable
from .uses import Use, uses_of
from .weights import Weight, contents, find_weights


def gradient_flow(
    model: Any,
    x: Any,
    target: Any = None,
    loss: Any = None,
    *,
    time_axis: int = 1,
    loss_step: int | None = -1,
    learning_rate: float | None = None,
    **forward_kwargs: Any,
) -> GradientFlow:
    """One forward and one backward of anybody's model: the gradient's norm per layer and per time step, the
    rate at which it grows or shrinks, and the spectral radii of recurrent weights.

    model, x, target, loss, learning_rate, forward_kwargs: as in `chainrule.trace`. With a loss and no target,
    x may be the whole batch, a pair (x, target).

    time_axis: where time is in arrays of three axes (batch, time, features); they, and no others, are taken
    for sequences. A layer without sequences that is called three times or more, as a cell is, is taken for
    one call per time step.
    loss_step: where the model's output is a sequence, only the gradient of this step's output is sent back,
    the last one by default; otherwise a step has no distance from the loss. None: that of all steps.

    What is exact: each norm is that of the gradient that it names, for this batch and these weights.
    `TimeFlow` says which one it is: ∂L/∂h[t] wherever a layer takes a state and returns one, or is a cell.
    What is not: the rate is a straight line through logarithms, and where a layer reads in both directions,
    there is no single distance from the loss. A spectral radius stands for one linear map, repeated for ever;
    gates and tanh' (at most 1, less where units saturate) come between.

    Nothing stays changed: weights, gradients, caches and random numbers are put back. Raises whatever the
    model raises, and TypeError if model or loss is nothing that can be run.
    """
    if loss is not None and target is None and isinstance(x, tuple) and len(x) == 2:
        x, target = x
    inputs = x if isinstance(x, tuple) else (x,)
    named, subject = runnable(model)
    step = Step(subject, inputs, target, loss, learning_rate, None, forward_kwargs)
    step.check()
    snapshot = Snapshot([subject, *inputs, target, loss, *randomness_of_ours()])
    before = contents(subject)
    between = before

    def before_backward() -> None:
        nonlocal between
        between = contents(subject)
        recording.rescan()  # a recurrent model may have made its layers in forward
        if loss_step is not None:
            step.upstream = _at_one_step(step.upstream, time_axis, loss_step, step.notes)

    step.before_backward = before_backward
    recording = _Arrivals(subject, time_axis)
    try:
        with recording, np.errstate(all="ignore"):
            step.run()
        weights = find_weights(subject, recording.layers, before, between)
        if recording.ragged:
            step.notes.append(
                "samples end at different steps: rates over time mix their distances (take equal lengths)"
            )
        snapshot.restore()
        uses = uses_of(recording.calls, {weight.layer for weight in weights})
        times = [flow for use in uses for flow in _over_time(use, recording, time_axis)]
    finally:
        snapshot.restore()
    layers = [_layer(use, recording, weights) for use in uses]
    return GradientFlow(
        name=name_of(named),
        loss=None if step.loss_result is None else step.loss_result.value,
        layers=tuple(layers),
        times=tuple(times),
        recurrent=recurrent_matrices(weights),
        depth_growth=_depth_growth(layers),
        notes=tuple(step.notes),
    )


class _Arrivals(Recording):
    """Computes norms while the arrays are what they are: foreign code may overwrite them later."""

    def __init__(self, root: object, time_axis: int) -> None:
        super().__init__(root)
        self.time_axis = time_axis
        self.norms: dict[int, tuple[float | None, float | None]] = {}  # arriving and leaving, by call
        self.steps: dict[int, tuple[tuple[float, ...] | None, tuple[float, ...] | None]] = {}
        self.ragged = False

    def note_inputs(self, call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().note_inputs(call, args, kwargs)
        if call.phase == "backward":
            upstream = next((v for v in (*args, *kwargs.values()) if any(True for _ in arrays_in(v))), None)
            self.norms[call.index] = (_norm(upstream), None)
            # (doutput, dstate): the state has three axes too, and no time
            sequence = upstream[0] if isinstance(upstream, tuple | list) else upstream
            self.steps[call.index] = (_by_step(sequence, self.time_axis), None)

    def note_outputs(self, call: Call, result: Any) -> None:
        super().note_outputs(call, result)
        if call.phase == "backward":
            first = next(iter(result), None) if isinstance(result, tuple | list) else result
            self.norms[call.index] = (self.norms[call.index][0], _norm(first))
            self.steps[call.index] = (self.steps[call.index][0], _by_step(first, self.time_axis))
            if isinstance(first, np.ndarray) and first.ndim == 3:
                self.ragged |= ends_differ(first, self.time_axis)


def _norm(value: Any) -> float | None:
    arrays = list(arrays_in(value))
    return norm(*arrays) if arrays else None


def _by_step(value: Any, axis: int) -> tuple[float, ...] | None:
    array = next(arrays_in(value), None)
    return None if array is None or array.ndim != 3 else norms_over(array, axis)


def _at_one_step(upstream: Any, axis: int, at: int, notes: list[str]) -> Any:
    """Zeros, but for this step. Of (doutput, dstate), the state is the last step's."""
    output = upstream[0] if isinstance(upstream, tuple | list) else upstream
    if not isinstance(output, np.ndarray) or output.ndim != 3:
        return upstream
    time = output.shape[axis]
    if not -time <= at < time:
        raise ValueError(f"loss_step {at} does not exist: the output has {time} steps, {_sizes(output)}")
    kept: Array = np.zeros_like(output)
    place = (slice(None),) * axis + (at,)
    kept[place] = output[place]
    notes.append(f"the output is a sequence: only the gradient of step {at % time} was sent back")
    if output is upstream:
        return kept
    last = at % time == time - 1
    return (kept, *(part if last else None for part in upstream[1:]))


def _sizes(array: Array) -> str:
    return "×".join(map(str, array.shape))


def _over_time(use: Use, recording: _Arrivals, axis: int) -> list[TimeFlow]:
    """One for a layer over sequences or a cell; one per layer inside, where the state tells; else none."""
    kind = name_of(use.layer)
    if len(use.backward) > 1:  # a cell: from the last step to the first
        norms = [recording.norms[call.index] for call in reversed(use.backward)]
        arriving, leaving = ([pair[i] or 0.0 for pair in norms] for i in range(2))
        state = tuple(arriving)
        return [TimeFlow(use.path, kind, None, tuple(leaving), state, _time_growth(state, use))]
    (backward,) = use.backward
    given, handed_on = recording.steps[backward.index]
    states = None if use.forward is None else state_norms(use.forward, backward, handed_on, axis)
    if states is not None:
        return [
            TimeFlow(
                use.path if len(states) == 1 else f"{use.path} layer {row}".strip(),
                kind,
                given if row == len(states) - 1 else None,
                handed_on if row == 0 else None,
                norms,
                _time_growth(norms, use),
            )
            for row, norms in enumerate(states)
        ]
    norms_by_step = handed_on or given
    if norms_by_step is None:
        return []
    return [TimeFlow(use.path, kind, given, handed_on, None, _time_growth(norms_by_step, use))]


def _time_growth(norms: Sequence[float], use: Use) -> Growth | None:
    """From the last step that anything arrives at, back in time."""
    reached = [t for t, value in enumerate(norms) if value != 0]
    return fit_growth(norms[reached[-1] :: -1], _smallest(use)) if reached else None


def _smallest(use: Use) -> float:
    """Below it, numbers of the gradient's dtype lose their digits."""
    dtypes = [array.dtype for array in arrays_in([*use.backward[0].inputs]) if array.dtype.kind == "f"]
    return float(np.finfo(dtypes[0]).tiny) if dtypes else 0.0


def _layer(use: Use, recording: _Arrivals, weights: list[Weight]) -> LayerFlow:
    both = [recording.norms[call.index] for call in use.backward]
    found = [w.gradient for w in weights if w.layer == use.layer_path and w.gradient is not None]
    arriving, leaving = (
        norm(*values) if (values := [pair[i] for pair in both if pair[i] is not None]) else None
        for i in range(2)
    )
    return LayerFlow(use.path, name_of(use.layer), arriving, leaving, norm(*found) if found else None)


def _depth_growth(layers: Sequence[LayerFlow]) -> Growth | None:
    """Over the layers with weights, if two or more are known; over all layers, if not."""
    weighted = [layer for layer in layers if layer.weights is not None]
    chosen = weighted if len(weighted) > 1 else layers
    return fit_growth([layer.arriving for layer in reversed(chosen) if layer.arriving is not None])
