"""Does padding change the result?

Which entries are padding is told by a mask or by lengths that forward takes, or by a padding id that the
code knows. A mask's polarity is not known: if, under one of the two readings, exchanging what is hidden
changes nothing, the mask does its work.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import numpy as np

from ...naming import MASKS
from ...report import Finding
from .exchange import changed
from .hidden import Hidden, hidden_by, pad_id, words
from .names import named_time, trees
from .roles import MEMORY, Roles
from .said import finding
from .scene import Scene
from .spots import last_with


def padding_leak(scene: Scene, declared: bool) -> Iterator[Finding]:
    """Exchanges what is hidden; then lengthens ids by padding."""
    for hidden in hidden_by(scene, declared):
        for index, axes in _concerned(scene, hidden):
            made_up = hidden.inputs is not scene.inputs
            if scene.path and (made_up or _arrives_empty(hidden, index, axes)):
                continue  # the layer before has set padding to 0, or would have
            moved = _moved(scene, hidden, index, axes, hidden.valid)
            if moved is None or not moved.any():
                continue
            if hidden.either:
                reverse = _moved(scene, hidden, index, axes, ~hidden.valid)
                if reverse is None or not reverse.any():
                    continue
            count = int((~hidden.valid).sum())
            yield finding(
                "padding-leak",
                scene,
                f"exchanging only the {count} padded positions of {scene.names[index]} (by "
                f"{hidden.name}) changes"
                f" {int(moved.sum())} of the outputs that belong to real positions",
                {"padded positions": count, "outputs that move": int(moved.sum()), "mask": hidden.name},
                spot=last_with(scene, rf"\b{re.escape(hidden.name)}\b|mask"),
            )
            return
    yield from _longer_ids(scene, declared)


def _arrives_empty(hidden: Hidden, index: int, axes: tuple[int, ...]) -> bool:
    """Whether what a layer inside of a model receives at the padded positions is 0 throughout."""
    x = hidden.inputs[index]
    return x.dtype.kind == "f" and not np.any(x[_spread_out(~hidden.valid, axes, x.shape)])


def _concerned(scene: Scene, hidden: Hidden) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The inputs that the mask speaks of, with their batch and time axes."""
    fits: dict[int, tuple[int, ...]] = {}
    for index in scene.data():
        x = scene.inputs[index]
        if scene.names[index] == hidden.name or MASKS.search(scene.names[index]):
            continue
        pairs = (
            [(a, b) for a in range(min(x.ndim, 3)) for b in range(min(x.ndim, 4)) if a != b]
            if hidden.valid.ndim == 2
            else []
        )
        pairs = sorted(pairs, key=lambda p: (p != (0, 1), p != (1, 0), p))
        single = [(a,) for a in range(x.ndim)] if hidden.valid.ndim == 1 else []
        axes = next(
            (p for p in [*pairs, *single] if tuple(x.shape[a] for a in p) == hidden.valid.shape), None
        )
        if axes is not None:
            fits[index] = axes
    if len(fits) > 1:
        own = [i for i in fits if words(hidden.name) & words(scene.names[i])]
        of_memory = bool(MEMORY.search(hidden.name))
        roles = Roles(scene)
        named = [i for i in fits if bool(MEMORY.search(scene.names[i])) == of_memory] if of_memory else []
        answers = [i for i in fits if i in (roles.key, roles.value)] if roles.known else []
        chosen = own or named or answers or list(fits)[:1]
        fits = {i: fits[i] for i in chosen}
    yield from fits.items()


def _moved(
    scene: Scene, hidden: Hidden, index: int, axes: tuple[int, ...], valid: np.ndarray
) -> np.ndarray | None:
    """Where the outputs of real positions change when the others are exchanged."""
    x = hidden.inputs[index]
    other = _exchanged(x, axes, ~valid, scene.rng)
    base = scene.first(hidden.inputs, hidden.kwargs)
    if other is None or base.size == 0 or not np.all(np.isfinite(base)):
        return None
    inputs = (*hidden.inputs[:index], other, *hidden.inputs[index + 1 :])
    y = scene.first(inputs, hidden.kwargs)
    if y.shape != base.shape:
        return None
    moved = changed(base, y)
    place = _axes_of_output(base.shape, axes, valid.shape)
    return moved & _spread_out(valid, place, base.shape) if place else moved


def _exchanged(
    x: np.ndarray, axes: tuple[int, ...], where: np.ndarray, rng: np.random.Generator
) -> np.ndarray | None:
    if x.dtype.kind in "iu":
        values = np.unique(x[x != 0]) if np.any(x != 0) else np.unique(x)
        if len(values) < 2:
            return None
        further = rng.integers(1, len(values), size=x.shape)  # another id, not the same by chance
        new: np.ndarray = values[(np.searchsorted(values, x) + further) % len(values)]
    else:
        new = rng.choice(x.ravel(), size=x.shape) * (1 + 0.1 * rng.random(x.shape)) + (
            0.5 if np.any(x < 0) else 0.0
        )
    return np.where(_spread_out(where, axes, x.shape), new, x)


def _spread_out(flags: np.ndarray, axes: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Flags over some axes, for all entries of an array."""
    order = np.argsort(axes)
    full = [shape[a] if a in axes else 1 for a in range(len(shape))]
    return np.broadcast_to(flags.transpose(order).reshape(full), shape)


def _axes_of_output(
    shape: tuple[int, ...], axes: tuple[int, ...], lengths: tuple[int, ...]
) -> tuple[int, ...]:
    """Where batch and time stand in the output; () where there is no time left."""
    if all(a < len(shape) and shape[a] == n for a, n in zip(axes, lengths, strict=True)):
        return axes
    time = lengths[-1]
    if len(lengths) == 2 and len(shape) > 2 and shape[0] == lengths[0] and time in shape[1:]:
        return (0, 1 + shape[1:].index(time))
    return ()


def _longer_ids(scene: Scene, declared: bool) -> Iterator[Finding]:
    """Two more columns of the padding id must change nothing."""
    compared = _compared(scene)
    for index in scene.data():
        ids = scene.inputs[index]
        if ids.dtype.kind not in "iu" or ids.ndim > 2 or ids.min(initial=0) < 0:
            continue
        pad = pad_id(scene)
        if pad is None and declared and np.any(np.take(ids, -1, -1) == 0):
            pad = 0
        if pad is None or (ids.ndim == 2 and named_time(scene, index) == 0):
            continue
        if (not np.any(ids == pad) and not declared) or scene.draws:
            continue
        if compared and scene.names[index] not in compared and not declared:
            continue  # of targets it is said which are padding, of these it is not
        width = [(0, 0)] * (ids.ndim - 1) + [(0, 2)]
        longer = np.pad(ids, width, constant_values=pad)
        y = scene.first(scene.replaced(index, longer))
        base = scene.y
        if y.ndim != base.ndim or y.size == 0 or not np.all(np.isfinite(y)):
            continue
        time = [a for a, (n, m) in enumerate(zip(base.shape, y.shape, strict=True)) if m == n + 2]
        if len(time) > 1 or (not time and y.shape != base.shape):
            continue
        moved = changed(base, y.take(range(base.shape[time[0]]), time[0]) if time else y)
        if time and base.ndim > ids.ndim - 1 and base.shape[: ids.ndim] == ids.shape:
            moved = moved & _spread_out(ids != pad, tuple(range(ids.ndim)), base.shape)
        if moved.any():
            yield finding(
                "padding-leak",
                scene,
                f"two more columns of the padding id {pad} behind {scene.names[index]} change "
                f"{int(moved.sum())} of the"
                " outputs of real positions",
                {"padding id": pad, "outputs that move": int(moved.sum())},
            )
            return


def _compared(scene: Scene) -> set[str]:
    """The inputs that the code compares with a padding id: targets != PAD."""
    found = set()
    for tree in trees(scene):
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and len(node.comparators) == 1:
                sides = [ast.unparse(node.left), ast.unparse(node.comparators[0])]
                if any(re.search(r"pad", side, re.I) for side in sides):
                    found |= {name for name in scene.names if name in sides}
    return found
