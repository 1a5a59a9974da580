"""One kernel for all channels, one weight for all inputs: the output sees only the sum.

Decided by moving an amount from one channel to another: where a single weight serves both, the output
stays exactly what it was. The control moves the same amount along the other axes, where it must be seen.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...arrays_inside import places
from ...report import Finding
from .exchange import changed
from .names import identifiers, own_names, says
from .said import finding
from .scene import WEIGHTS, Scene, as_arrays
from .spots import first_reading

CONVOLUTION = r"conv|kernel|filter|im2col|patch|window"
DENSE = r"dense|linear|affine|neuron|perceptron|\bfc\b|fully|layer|hidden|unit|weight|^w$"
POOLING = r"pool|average|gr[ae]y|luma|reduce|deep_?set|readout|aggregat"


def shared(scene: Scene) -> Iterator[Finding]:
    """Both questions, for one layer without layers inside."""
    for index in list(scene.data())[:1]:
        x = scene.inputs[index]
        if not np.issubdtype(x.dtype, np.floating) or x.ndim < 2 or scene.y.ndim < 2 or x.size > 50_000:
            continue
        if says(own_names(scene), POOLING):
            continue
        for axis in range(x.ndim):
            if x.shape[axis] > 1 and _sums(scene, index, axis):
                yield from _kernel(scene, index, axis)
                yield from _weight(scene, index, axis)


def _sums(scene: Scene, index: int, axis: int) -> bool:
    """Whether an amount may be moved along the axis without any effect, while adding it has one."""
    x = scene.inputs[index]
    for _ in range(2):
        first, second = scene.rng.permutation(x.shape[axis])[:2]
        amount = scene.rng.normal(size=x.take(0, axis).shape) * (np.abs(x).mean() + 1e-3)
        moved, added = x.copy(), x.copy()
        way = (slice(None),) * axis
        moved[(*way, first)] += amount
        moved[(*way, second)] -= amount
        added[(*way, first)] += amount
        same = scene.first(scene.replaced(index, moved))
        other = scene.first(scene.replaced(index, added))
        if same.shape != scene.y.shape or changed(scene.y, same).any():
            return False
        if other.shape != scene.y.shape or not changed(scene.y, other).any():
            return False
    return True


def _kernel(scene: Scene, index: int, axis: int) -> Iterator[Finding]:
    """A convolution: elsewhere, each output sees a window that slides."""
    x = scene.inputs[index]
    if x.ndim < 3 or not says(identifiers(scene) | own_names(scene), CONVOLUTION):
        return
    sliding = [a for a in range(x.ndim) if a != axis and _slides(scene, index, a)]
    kernel = _parameter(scene, 2)
    if not sliding or not kernel:
        return
    name, shape = kernel
    yield finding(
        "kernel-shared-across-channels",
        scene,
        f"moving an amount from one of the {x.shape[axis]} channels (axis {axis}) to another leaves "
        "every output"
        f" as it was; adding it changes the output. {name} {shape} has no axis for the input channels",
        {"channel axis": axis, "channels": x.shape[axis], "weight": shape, "window along axes": sliding},
        target=name,
        spot=first_reading(scene, name),
    )


def _slides(scene: Scene, index: int, axis: int) -> bool:
    """Whether each place along the axis reaches some places of the output, neither one alone nor all."""
    moved = scene.moved(index, axis)
    y = scene.y
    for out in range(y.ndim):
        if y.shape[out] < 2:
            continue
        rest = tuple(a for a in range(y.ndim) if a != out)
        reach = {i: np.flatnonzero(mask.any(rest)) for i, mask in moved.items()}
        if any(len(r) == 0 for r in reach.values()) and len(reach) > 4:
            continue
        counts = [len(r) for r in reach.values()]
        ordered = [float(r.mean()) for r in reach.values() if len(r)]
        rising = ordered == sorted(ordered) and len(set(ordered)) > 1
        contiguous = all(len(r) == 0 or r[-1] - r[0] + 1 == len(r) for r in reach.values())
        if counts and rising and contiguous and max(counts) < max(2, y.shape[out]) + (y.shape[out] > 2):
            wide = max(counts) > 1 or y.shape[out] < len(range(scene.inputs[index].shape[axis]))
            if wide:
                return True
    return False


def _parameter(scene: Scene, least: int) -> tuple[str, tuple[int, ...]] | None:
    """The weight with the most axes that forward reads."""
    found = [(n, np.shape(v)) for n, v in zip(scene.names, scene.inputs, strict=True) if WEIGHTS.search(n)]
    if scene.face.owner is not None:
        kept = places(scene.face.owner)
        known = {p.name for p in scene.face.parameters}  # all else may be a cache
        found += [
            (p.name, np.shape(p.get()))
            for p in kept
            if not p.name.startswith(("d", "grad")) and (not known or p.path in known)
        ]
    usable = [f for f in found if len(f[1]) >= least]
    named = [f for f in usable if WEIGHTS.search(f[0])]
    return max(named or usable, key=lambda f: len(f[1]), default=None) if usable else None


def _weight(scene: Scene, index: int, axis: int) -> Iterator[Finding]:
    """A dense layer, alone or at every time step: its other axes are kept one to one (time may be carried
    on), and one weight moves one output, as a factor of the input.
    """
    x, y = scene.inputs[index], scene.y
    if y.ndim != x.ndim or y.shape[axis] < 2:
        return
    called_dense = says(identifiers(scene) | own_names(scene), DENSE)
    learned = {p.place.path for p in scene.face.parameters}
    kept = [_one_to_one(scene, index, a) for a in range(x.ndim) if a != axis]
    recurrent = x.ndim > 2 and sum(kept) == len(kept) - 1
    if not all(kept) and not recurrent:
        return
    for name, value, run in _vectors(scene, y.shape[axis]):
        if not called_dense and run not in learned:
            continue
        if _multiplies(scene, index, value, run) if recurrent else _one_each(scene, axis, value, run):
            yield finding(
                "weight-shared-across-inputs",
                scene,
                f"moving an amount from one of the {x.shape[axis]} input features to another leaves "
                f"every output as it was; adding it changes the output. {name} {value.shape} has one weight "
                f"for each of the {y.shape[axis]} outputs and none for each input",
                {"inputs": x.shape[axis], "outputs": y.shape[axis], "weight": value.shape},
                target=name,
                spot=first_reading(scene, name),
            )
            return


def _one_to_one(scene: Scene, index: int, axis: int) -> bool:
    """Whether slice i of the input reaches slice i of the output and no other."""
    if scene.y.shape[axis] != scene.inputs[index].shape[axis]:
        return False
    rest = tuple(a for a in range(scene.y.ndim) if a != axis)
    moved = scene.moved(index, axis)
    return all(list(np.flatnonzero(mask.any(rest))) == [i] for i, mask in moved.items())


def _vectors(scene: Scene, size: int) -> Iterator[tuple[str, np.ndarray, str]]:
    for i, (name, value) in enumerate(zip(scene.names, scene.inputs, strict=True)):
        if i and isinstance(value, np.ndarray) and value.size == size and value.dtype.kind == "f":
            yield name, value, f"input {i}"
    if scene.face.owner is not None:
        scene.state.restore()
        for place in places(scene.face.owner):
            value = np.asarray(place.get())
            if value.size == size and value.ndim:
                yield place.name, value.copy(), place.path


def _one_each(scene: Scene, axis: int, value: np.ndarray, where: str) -> bool:
    """Whether the first weight moves the first output alone, by an amount that depends on the sample."""
    y = _with_another(scene, value, where)
    if y.shape != scene.y.shape:
        return False
    rest = tuple(a for a in range(y.ndim) if a != axis)
    only_first = list(np.flatnonzero(changed(scene.y, y).any(rest))) == [0]
    step = (y - scene.y).take(0, axis)
    return only_first and bool(np.ptp(step) > 1e-6 * np.abs(step).max(initial=0))


def _multiplies(scene: Scene, index: int, value: np.ndarray, where: str) -> bool:
    """Whether a weight matters, but not where the input is 0: no bias, and no weight of the state."""
    nothing = scene.replaced(index, np.zeros_like(scene.inputs[index]))
    empty = scene.first(nothing)
    silent = _with_another(scene, value, where, nothing)
    heard = _with_another(scene, value, where)
    if silent.shape != empty.shape or heard.shape != scene.y.shape:
        return False
    return bool(changed(scene.y, heard).any()) and not changed(empty, silent).any()


def _with_another(
    scene: Scene, value: np.ndarray, where: str, inputs: tuple[object, ...] | None = None
) -> np.ndarray:
    """The output when the first number of a weight is another."""
    other = value.copy()
    other.flat[0] += 0.5 * (np.abs(value).mean() + 0.1)
    if where.startswith("input "):
        given = list(scene.inputs if inputs is None else inputs)
        given[int(where[6:])] = other
        return scene.first(given)
    scene.state.restore()
    place = next(p for p in places(scene.face.owner) if p.path == where)
    place.set(other)
    try:
        return next(iter(as_arrays(scene.call_on(inputs)).values()), np.zeros(0))
    finally:
        place.set(value)
