"""Is the decoder given what it is to predict?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from ...case import source_place
from ...report import Finding
from ...source.read import source_tree
from ...step_model import StepModel
from ...structure import is_array
from .exchange import changed, varied
from .moments import Moment, inside
from .names import named_time, own_names, says
from .said import finding
from .scene import Scene
from .taught import own_targets
from .weights import sums_to_one


def target_leak(scene: Scene, causal: bool) -> Iterator[Finding]:
    """Exchanges the target at one position and looks at the prediction for that very position.

    causal: whether the model is meant to predict what comes next. A single input that equals its target is a
    leak only then: otherwise it is an autoencoder.
    """
    face = scene.face
    if isinstance(face, StepModel):
        yield from _in_step(scene)
        return
    if face.target is None:
        for index, own, rows in own_targets(scene, causal):
            leak = _leak(scene, scene.names[index], own, True, rows)
            leak.line, leak.file = _cut(scene, scene.names[index]) or (leak.line, leak.file)
            yield leak
            return
    target = face.target
    if not is_array(target) or not scene.y.ndim or says(own_names(scene), r"loss|error|residual|criterion"):
        return
    data = list(scene.data())
    for index in data:
        value = scene.inputs[index]
        if value.shape != target.shape or not np.array_equal(face.inputs[index], target) or value.ndim < 1:
            continue
        ids = value.dtype.kind in "iu"
        if (len(data) < 2 and not (ids and causal)) or (value.ndim == 1 and not ids):
            continue
        axis = named_time(scene, index)
        axis = (1 if value.ndim > 1 else 0) if axis is None else axis
        length = value.shape[axis]
        out = [a for a, n in enumerate(scene.y.shape) if n == length]
        out = [axis] if axis in out else out[:1]
        if not out or length < 2 or (ids and scene.y.ndim <= value.ndim):
            continue
        rest = tuple(a for a in range(scene.y.ndim) if a != out[0])
        moved = {t: np.flatnonzero(mask.any(rest)) for t, mask in scene.moved(index, axis).items()}
        own = [t for t, reached in moved.items() if t in reached]
        if moved and len(own) == len(moved) and (value.ndim > 1 or any(len(r) > 1 for r in moved.values())):
            yield _leak(scene, scene.names[index], own, causal and len(data) < 2)
            return


def _leak(scene: Scene, name: str, own: list[int], same: bool, at: Moment | None = None) -> Finding:
    what = "equals the target, unshifted, and" if same else "is the target itself, and"
    return finding(
        "target-leak",
        scene,
        f"{name} {what} exchanging it at one position changes the prediction for that very position"
        f" (positions {', '.join(map(str, own[:5]))}): the model can copy what it is to predict",
        {"input": name, "positions that see their own target": own},
        target=name,
        at=at,
    )


def _cut(scene: Scene, name: str) -> tuple[int, str] | None:
    """The first statement of forward that takes a slice of an input, or uses it at all."""
    function = scene.face.forward_function
    tree = source_tree(function)
    plain = [n for n in ast.walk(tree) if isinstance(n, (ast.Assign, ast.Expr, ast.Return))] if tree else []
    plain.sort(key=lambda n: n.lineno)
    using = [n for n in plain if any(isinstance(m, ast.Name) and m.id == name for m in ast.walk(n))]
    slicing = [n for n in using if any(isinstance(m, ast.Slice) for m in ast.walk(n))]
    chosen = (slicing or using)[:1]
    return (chosen[0].lineno, source_place(function)[0]) if chosen else None


def _in_step(scene: Scene) -> Iterator[Finding]:
    """In a step: the first probabilities, one row for each target, must not depend on their own target."""
    target = scene.inputs[-1]
    within = inside(scene) if is_array(target) and target.dtype.kind in "iu" and target.ndim > 1 else None
    if within is None:
        return
    rows = next(
        (
            m
            for m in within.base
            if m.value.shape[:-1] == target.shape and sums_to_one(m.value) == (target.ndim,)
        ),
        None,
    )
    if rows is None:
        return
    own = []
    for t in range(target.shape[1]):
        other = varied(target, 1, t, scene.rng)
        moments = within.watch(scene.replaced(len(scene.inputs) - 1, other))[0] if other is not None else []
        new = next((m.value for m in moments if m.key == rows.key), None)
        if new is not None and new.shape == rows.value.shape and changed(rows.value, new)[:, t].any():
            own.append(t)
    if len(own) == target.shape[1]:
        yield _leak(scene, scene.names[-1], own, False)
