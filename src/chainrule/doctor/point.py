"""The point at which a subject is probed, chosen so that faults can be seen: no constant or repeated numbers,
ids that do repeat, parameters off their initial values, more than one sample and step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import SubjectError
from .naming import MASKS, TARGETS
from .snapshot import Snapshot
from .structure import is_array, is_real, leaves, mapped

if TYPE_CHECKING:
    from .probe import Probe

SMALL, USUAL = 0.02, 0.2  # sizes of weights


def choose_inputs(probe: Probe) -> None:
    """Adds noise to inputs that are constant or full of repetitions, where forward still works then."""
    for i, value in enumerate(probe.inputs):
        name = probe.subject.input_names[i]
        if is_array(value) and value.dtype.kind in "iu" and value.size > 2 and not MASKS.search(name):
            _repeat_an_id(probe, i, value)
            continue
        if MASKS.search(name) or (TARGETS.match(name) and i > 0):
            continue
        images = i == 0 and is_array(value) and value.ndim > 2
        noisy = mapped(value, lambda name, leaf, images=images: _without_ties(probe, leaf, images))
        if all(a is b for (_, a), (_, b) in zip(leaves(noisy), leaves(value), strict=True)):
            continue
        _try_inputs(probe, (*probe.inputs[:i], noisy, *probe.inputs[i + 1 :]))


def _repeat_an_id(probe: Probe, i: int, value: np.ndarray) -> None:
    """Ids that are all different hide what becomes of repeated ones."""
    if np.unique(value).size < value.size or (value.ndim == 1 and value.size < 4):
        return
    other = value.copy()
    other.flat[-1] = other.flat[0]
    if other.ndim > 1 and len(other) > 1:
        other[1, 0] = other[0, 0]
    _try_inputs(probe, (*probe.inputs[:i], other, *probe.inputs[i + 1 :]))


def _try_inputs(probe: Probe, changed: tuple[Any, ...]) -> None:
    """Takes other inputs if forward works with them."""
    try:
        if all(np.all(np.isfinite(v)) for v in probe.forward(changed).leaves.values()):
            probe.inputs = changed
    except SubjectError:
        pass


def _without_ties(probe: Probe, leaf: Any, images: bool) -> Any:
    """images: whether a square of zeros and ones may be a black and white picture; else it is a mask."""
    if not is_array(leaf) or leaf.size < 2:
        return leaf
    different = np.unique(leaf).size
    binary = set(np.unique(leaf)) <= {0.0, 1.0} and different == 2
    one_hot = binary and leaf.ndim > 1 and bool(np.all(leaf.sum(-1) == 1))
    if different == leaf.size or one_hot or (different > 0.9 * leaf.size):
        return leaf
    if binary and leaf.ndim > 1 and set(leaf.shape[-2:]) == {leaf.shape[-1]} and not images:
        return leaf
    noise = probe.rng.normal(size=leaf.shape) * (0.3 * (np.abs(leaf).max() or 1.0))
    return np.abs(leaf + noise) if np.all(leaf > 0) else leaf + noise


def grow(probe: Probe) -> None:
    """A batch of 1, a single time step hide faults; of two samples, each norm makes -1 and 1: tries more."""
    for axis, least, times in ((0, 3, (3, 2)), (1, 2, (4,))):
        arrays = [v for v in probe.inputs if is_array(v) and v.ndim > axis + 1]
        length = arrays[0].shape[axis] if arrays else 0
        if not 0 < length < least or (length > 1 and not _may_be_normed(probe, arrays[0])):
            continue
        before = probe.inputs, dict(probe.output_shapes)
        probe.inputs = tuple(
            _longer(probe, v, axis, times[length - 1])
            if is_array(v) and v.ndim > axis and v.shape[axis] == length
            else v
            for v in probe.inputs
        )
        try:
            found = probe.forward(probe.inputs)
            shapes = {n: np.shape(v) for n, v in found.leaves.items()}
            is_loss = all(shape == () for shape in shapes.values())
            if (shapes == probe.output_shapes and not is_loss) or not all(
                np.all(np.isfinite(v)) for v in found.leaves.values()
            ):
                raise SubjectError("forward", ValueError("the longer axis changes nothing"))
            probe.output_shapes = shapes
        except SubjectError:
            probe.inputs, probe.output_shapes = before


def _may_be_normed(probe: Probe, first: np.ndarray) -> bool:
    """Whether a norm over the samples may have two numbers only; a target beside the inputs does not grow."""
    return first.ndim == 2 and is_real(first) and probe.subject.loss is None


def _longer(probe: Probe, value: np.ndarray, axis: int, times: int) -> np.ndarray:
    longer = np.concatenate([value] * times, axis)
    sums = value.sum(-1) if value.ndim > 1 else np.zeros(1)
    if is_real(value) and not (np.all(value >= 0) and np.allclose(sums, 1)):  # no distribution, no one-hot
        longer = longer + probe.rng.normal(size=longer.shape) * (0.5 * (np.abs(value).max() or 1.0))
    return longer


def choose_parameters(probe: Probe) -> None:
    before = {p.name: np.array(p.place.get(), dtype=float) for p in probe.subject.parameters}
    probe.state.restore()
    for parameter in probe.subject.parameters:
        value = np.asarray(parameter.place.get())
        if is_real(parameter.place.get()):
            parameter.place.set(
                _moved(probe, value.astype(float)) if value.ndim else float(_moved(probe, value))
            )
    moved = Snapshot(probe.subject.roots)
    try:
        probe.state, still = moved, probe.state
        fine = all(
            np.all(np.isfinite(v)) and np.max(np.abs(v)) < 1e6
            for v in probe.forward(probe.inputs).leaves.values()
        )
    except SubjectError:
        fine = False
    if not fine:
        probe.state = still
        probe.state.restore()
        for parameter in probe.subject.parameters:
            parameter.place.set(before[parameter.name])
        probe.state = Snapshot(probe.subject.roots)


def _moved(probe: Probe, value: np.ndarray) -> np.ndarray:
    noise = probe.rng.normal(size=value.shape)
    if value.size and np.all(value > 0):
        return value * np.exp(0.3 * noise)
    spread = float(np.abs(value).mean()) or 0.3
    if value.size > 1 and spread < SMALL:  # weights of 1e-4 let no gradient through that could be seen
        value, spread = value * (USUAL / spread), USUAL
    return value + 0.3 * spread * noise
