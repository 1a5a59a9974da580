"""Losses that are computed from pairs of a prediction and a target that never belonged together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...arrays_inside import places
from ...criterion import called, loss_value, value_function
from ...naming import TARGETS
from ...report import Finding
from ...source.reach import plain
from ...source.sites import Site
from ...source.taps import Taps
from ...step_model import StepModel
from ...structure import is_array
from .exchange import varied
from .moments import inside
from .said import finding
from .scene import Scene
from .spots import Spot

Loss = Callable[[np.ndarray, np.ndarray], float]  # of predictions and targets


def same(a: float, b: float) -> bool:
    return bool(np.isfinite(a) and np.isfinite(b) and abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1e-12))


def collapsed(scene: Scene) -> Iterator[Finding]:
    """A column minus a row became a square: which prediction belongs to which target is lost."""
    if isinstance(scene.face, StepModel):
        yield from _collapsed_step(scene)
        return
    for loss, prediction, target, name in losses_of(scene):
        if not _becomes_larger(prediction.shape, target.shape):
            continue
        order = _other_order(target, scene.rng)
        if order is None:
            continue
        repaired = target.reshape(prediction.shape), order.reshape(prediction.shape)
        before, after = loss(prediction, target), loss(prediction, order)
        control = loss(prediction + 0.3 * np.abs(prediction).mean(), target)
        right = loss(prediction, repaired[0]), loss(prediction, repaired[1])
        if same(before, after) and not same(before, control) and not same(*right):
            shapes = f"predictions {prediction.shape} meet targets {target.shape}"
            yield finding(
                "broadcast-collapsed",
                scene,
                f"{shapes}: the loss, {before:.6g}, stays the same when the targets are handed to "
                "other samples;"
                f" with targets of shape {prediction.shape} it changes from {right[0]:.6g} to {right[1]:.6g}",
                {
                    "predictions": prediction.shape,
                    "targets": target.shape,
                    "loss": before,
                    "loss, targets permuted": after,
                    "with the shapes made equal": list(right),
                },
                target=name,
                spot=_meeting(scene, prediction, target),
            )
            return
    yield from _collapsed_inside(scene)


def _collapsed_inside(scene: Scene) -> Iterator[Finding]:
    """A model that computes its own loss: one target for each sample meets a column of predictions."""
    if scene.face.loss is not None or scene.y.size != 1 or len(scene.inputs) != 2:
        return
    x, target = scene.inputs
    if not (
        is_array(x) and is_array(target) and x.ndim > 1 and target.ndim == 1 and len(x) == len(target) > 1
    ):
        return
    order, loss = _other_order(target, scene.rng), _of_scene(scene, 1)
    if order is None:
        return
    column = len(target), 1
    before, after, control = (
        loss(x, target),
        loss(x, order),
        loss(x[::-1] if x.dtype.kind != "f" else 0.7 * x, target),
    )
    right = loss(x, target.reshape(column)), loss(x, order.reshape(column))
    if same(before, after) and not same(before, control) and np.all(np.isfinite(right)) and not same(*right):
        yield finding(
            "broadcast-collapsed",
            scene,
            f"the loss, {before:.6g}, stays the same when the targets {target.shape} are handed to other "
            f"samples; with targets of shape {column} it changes from {right[0]:.6g} to {right[1]:.6g}",
            {
                "targets": target.shape,
                "loss": before,
                "loss, targets permuted": after,
                "with targets in a column": list(right),
            },
            target=scene.names[1],
            spot=_meeting(scene, target.reshape(column), target) or _met(scene, target),
        )


def _meeting(scene: Scene, prediction: np.ndarray, target: np.ndarray) -> Spot | None:
    """The statement of the loss whose value is the first square."""
    shape = np.broadcast_shapes(prediction.shape, target.shape)
    if scene.face.loss is None:
        within = inside(scene)
        at = within.first_line(lambda m: m.value.shape == shape) if within is not None else None
        return (at.site.file, at.site.line) if at is not None else None
    return _in_loss(scene, prediction, target, shape)


def _met(scene: Scene, target: np.ndarray) -> Spot | None:
    """The first statement in which the targets stand."""
    within = inside(scene)
    at = within.first_line(lambda m: np.array_equal(m.value, target)) if within is not None else None
    return (at.site.file, at.site.line) if at is not None else None


def _in_loss(scene: Scene, prediction: np.ndarray, target: np.ndarray, shape: tuple[int, ...]) -> Spot | None:
    """The statement in the loss that was handed in beside the model."""
    found: list[Spot] = []

    def note(site: Site, execution: int, value: Any) -> Any:
        if np.shape(value) == shape and site.kind != "use":
            found.append((site.file, site.line))
        return value

    function = value_function(scene.face.loss)
    owner = getattr(function, "__self__", None)
    taps = Taps([function], owner)
    tapped = taps.tapped.get(getattr(plain(function), "__code__", None))  # type: ignore[arg-type]
    if tapped is None:
        return None
    taps.action = note
    with taps:
        called(tapped.__get__(owner) if owner is not None else tapped, prediction.copy(), target.copy())
    return found[0] if found else None


def losses_of(scene: Scene) -> Iterator[tuple[Loss, np.ndarray, np.ndarray, str]]:
    """The loss handed in beside the model, or the scene itself where it is one."""
    face = scene.face
    if face.loss is not None and is_array(face.target):
        target = np.asarray(face.target)
        yield _of_pair(scene), scene.y, target, "target"
        return
    if scene.y.size != 1 or len(scene.inputs) < 2:
        return
    for i, value in enumerate(scene.inputs):
        if not (
            (i and is_array(value) and value.ndim and TARGETS.match(scene.names[i]))
            or (i == 1 and is_array(value))
        ):
            continue
        prediction = scene.inputs[0]
        if is_array(prediction) and prediction.dtype.kind == "f":
            yield _of_scene(scene, i), prediction, value, scene.names[i]


def _of_pair(scene: Scene) -> Loss:
    def loss(y: np.ndarray, target: np.ndarray) -> float:
        try:
            return float(loss_value(scene.face.loss, y.copy(), target.copy()))
        except Exception:
            return float("nan")

    return loss


def _of_scene(scene: Scene, place: int) -> Loss:
    def loss(y: np.ndarray, target: np.ndarray) -> float:
        inputs = [y, *scene.inputs[1:]]
        inputs[place] = target
        value = scene.first(inputs)
        return float(value.ravel()[0]) if value.size == 1 else float("nan")

    return loss


def _becomes_larger(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two shapes of equal size give a larger one together."""
    if a == b or np.prod(a) != np.prod(b) or np.prod(a) < 2:
        return False
    try:
        return bool(np.prod(np.broadcast_shapes(a, b)) > np.prod(a))
    except ValueError:
        return False


def _other_order(target: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """The same targets, handed to other samples."""
    for _ in range(8):
        order = rng.permutation(target.ravel()).reshape(target.shape)
        if not np.array_equal(order, target):
            return order
    return None


def _collapsed_step(scene: Scene) -> Iterator[Finding]:
    """Neither the loss nor the update of a whole step may be blind to the order of the targets."""
    target, face = scene.inputs[-1], scene.face
    if not is_array(target) or len(scene.inputs) < 2 or face.target is None or target.ndim == 0:
        return
    order = _other_order(target, scene.rng)
    other = varied(target, 0, 0, scene.rng)
    if order is None or other is None:
        return
    before, after, control = (_step(scene, t) for t in (target, order, other))
    if (
        before is None
        or after is None
        or control is None
        or _differ(before, after)
        or not _differ(before, control)
    ):
        return
    column = (
        [t.reshape(-1, 1) for t in (target, order)]
        if target.ndim == 1
        else [t.ravel() for t in (target, order)]
    )
    repaired = [_step(scene, t) for t in column]
    if repaired[0] is None or repaired[1] is None or not _differ(repaired[0], repaired[1]):
        return
    yield finding(
        "broadcast-collapsed",
        scene,
        f"neither the loss ({before[0]:.6g}) nor the update changes when the targets {target.shape} "
        "are handed to other"
        f" samples; with targets of shape {column[0].shape} both do",
        {"targets": target.shape, "loss": float(before[0]), "loss, targets permuted": float(after[0])},
        target=scene.names[-1],
    )


def _step(scene: Scene, target: np.ndarray) -> np.ndarray | None:
    """The loss and all weights after a step."""
    scene.state.restore()
    try:
        inputs = (*scene.inputs[:-1], target)
        loss = scene.face.forward(inputs).leaves["loss"]
        scene.face.backward(scene.face.forward(inputs), {}, inputs, 0.01)
        after = [np.ravel(np.asarray(p.get(), dtype=float)) for p in places(scene.face.owner)]
    except Exception:
        return None
    finally:
        scene.state.restore()
    return np.concatenate([[loss], *after])


def _differ(a: np.ndarray, b: np.ndarray) -> bool:
    if a.shape != b.shape:
        return True
    return bool(np.any(np.abs(a - b) > 1e-10 * (np.abs(a) + np.abs(b) + 1e-12)))
