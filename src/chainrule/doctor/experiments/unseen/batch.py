"""Do samples of a batch influence each other?

Which axis is the batch is not known of foreign code: it may stand last (features first) or second (time
first), and a single sequence (time, features) has none. An axis is taken for the batch if the code calls
it so, or if it is the only one that the output follows in length. Where any axis is kept apart, one to
one, that one is the batch, and nothing is wrong. Meant mixing is left alone: batch statistics, pairs,
graphs, contrastive losses.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...report import Finding
from .moments import inside
from .names import identifiers, named_batch, own_names, says
from .said import finding
from .scene import Scene
from .spread import Spread, first_mixed, mixed
from .weights import find, sums_to_one

NORM = r"batch_?norm|^bn\d*$|batch_stat|batch_mean|batch_var|mini_?batch_|whiten|(running|moving)_(mean|avg)"
MEANT = (
    r"contrast|nce\b|nt_?xent|siamese"
    r"|triplet|graph|\bgcn|\bgnn|adjac|^adj|edges?\b|gram\b|pairwise|distances?|cdist|similar|neighbo|mixup"
    r"|centroid|cluster|covariance|correlat|bag\b|multiple_instance|kernel_matrix|sort|rank"
)
SEQUENCE = (
    r"attention|attn|rnn|lstm|gru\b|recurr|seq|time|step|token|conv|pool|word|char|sentence|quer|memory|transformer"
    r"|position|scan|cumul|window|frame|signal|text|node|image|spatial|filter|kernel|state|scal|cum|sort|gather|index"
)


class Batch:
    """The batch axis of the first input, as far as it can be told, and what mixes along it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.index = next(iter(scene.data()), -1)
        self.axis, self.out, self.named = -1, -1, False
        self.moved: dict[int, np.ndarray] = {}
        self.diagonal = False  # some axis is kept one to one
        if self.index >= 0 and scene.y.ndim:
            self._look()

    def _look(self) -> None:
        scene, x = self.scene, self.scene.inputs[self.index]
        named = named_batch(scene, self.index)
        followed: dict[int, list[int]] = {}
        for axis in range(x.ndim):
            after = scene.following(self.index, axis) if x.shape[axis] > 1 else None
            if after:
                followed[axis] = after
        if named is not None and x.shape[named] > 1:
            out = followed.get(named) or [b for b, n in enumerate(scene.y.shape) if n == x.shape[named]]
            if len(out) == 1:
                self._take(named, out[0], True)
                return
        single = {a: out[0] for a, out in followed.items() if len(out) == 1}
        for axis, place in single.items():
            if one_to_one(scene.moved(self.index, axis), place):
                self._take(axis, place, False)
                self.diagonal = True
                return
        likely = None
        if len(followed) == len(single) == 1:
            likely = next(iter(single))
        elif x.ndim > 3 and 0 in single:
            likely = 0
        if likely is not None:
            self._take(likely, single[likely], False)

    def assume(self, axis: int, out: int) -> None:
        """Takes an axis for the batch that may be another."""
        x = self.scene.inputs[self.index] if self.index >= 0 else np.zeros(())
        if x.ndim > axis and self.scene.y.ndim > out and x.shape[axis] == self.scene.y.shape[out] > 1:
            self._take(axis, out, False)
            self.diagonal = False

    def _take(self, axis: int, out: int, named: bool) -> None:
        self.axis, self.out, self.named = axis, out, named
        self.moved = self.scene.moved(self.index, axis)

    @property
    def known(self) -> bool:
        return self.axis >= 0

    @property
    def leaks(self) -> bool:
        crossed = any(r != i for i, mask in self.moved.items() for r in _places(mask, self.out))
        return self.known and not self.diagonal and crossed

    @property
    def one_way(self) -> bool:
        """Later slices depend on earlier ones only, or the reverse: this is time."""
        below = above = False
        for i, mask in self.moved.items():
            reached = _places(mask, self.out)
            below |= any(r < i for r in reached)
            above |= any(r > i for r in reached)
        return below != above


def one_to_one(moved: dict[int, np.ndarray], out: int) -> bool:
    """Whether slice i reaches slice i of the output, and no other."""
    reached = {i: _places(mask, out) for i, mask in moved.items()}
    return any(reached.values()) and all(r in ([i], []) for i, r in reached.items())


def _places(mask: np.ndarray, axis: int) -> list[int]:
    return list(np.flatnonzero(mask.any(tuple(a for a in range(mask.ndim) if a != axis))))


def batch_leak(
    scene: Scene, layers: list[Scene], batch: Batch, evaluating: bool = False
) -> Iterator[Finding]:
    """Samples that mix; a softmax over the samples is told apart.

    evaluating: batch statistics are no excuse then.
    """
    if not batch.leaks:
        return
    names = identifiers(scene) | own_names(scene)
    for layer in layers:
        names |= own_names(layer)
    if says(names, MEANT) or _pairs(scene, batch):
        return
    if not evaluating and _excused(scene, layers, batch, names):
        return
    place, over = place_of(scene, layers, batch)
    within = inside(place)
    at = None
    if within is not None and place is scene:
        at = first_mixed(within, batch.index, batch.axis, batch.out)
    count = scene.inputs[batch.index].shape[batch.axis]
    victim, source = _example(batch)
    evidence = {
        "batch axis": batch.axis,
        "samples": count,
        "sample changed": source,
        "output that moved": victim,
    }
    detail = (
        f"exchanging sample {source} alone changes the output of sample {victim} (batch axis {batch.axis})"
    )
    if over is not None:
        yield finding(
            "softmax-axis-wrong",
            place,
            f"the shares add up to 1 over the batch (axis {over}) and over no other axis: " + detail,
            evidence | {"adds up to 1 over axis": over},
            at=at,
        )
        return
    yield finding("batch-leak", place, detail + "; each sample changes its own output, too", evidence, at=at)


def _excused(scene: Scene, layers: list[Scene], batch: Batch, names: set[str]) -> bool:
    """Whether this is time, or are batch statistics: by name, or because the batch's mean is subtracted."""
    if says(names, NORM) or (not batch.named and (batch.one_way or _serial(scene, batch, names))):
        return True
    count = scene.inputs[batch.index].shape[batch.axis]
    return any(centered(s, count) for s in (scene, *layers))


def _serial(scene: Scene, batch: Batch, names: set[str]) -> bool:
    """Whether the axis may as well be time or space: then mixing is what the layer is for."""
    if scene.inputs[batch.index].ndim > 2:
        return False
    count = scene.inputs[batch.index].shape[batch.axis]
    return says(names, SEQUENCE) or any(w.p.shape.count(count) > 1 for w in find(scene)[1])


def _pairs(scene: Scene, batch: Batch) -> bool:
    """An output with a row and a column for every sample."""
    count = scene.inputs[batch.index].shape[batch.axis]
    return (
        sum(n == count for n in scene.y.shape) > 1
        and scene.y.ndim == 2
        and scene.inputs[batch.index].ndim == 2
        and len(scene.following(batch.index, batch.axis) or []) > 1
    )


def centered(scene: Scene, count: int) -> bool:
    """Whether the batch's own mean is subtracted somewhere: batch statistics are meant."""
    within = inside(scene)
    for moment in within.base if within else ():
        value = moment.value
        if value.ndim < 2 or (value.shape[0] != count and value.shape[-1] != count) or value.size < 4:
            continue
        axis = 0 if value.shape[0] == count else value.ndim - 1
        rest = (axis, *range(2, value.ndim)) if axis == 0 and value.ndim > 2 else (axis,)
        size = float(np.abs(value).max())
        if (
            size > 1e-6
            and np.abs(value.mean(rest)).max() < 1e-10 * size
            and np.abs(value.mean()) < 1e-10 * size
        ):
            return True
        last = tuple(range(value.ndim - 1))
        if size > 1e-6 and value.shape[0] == count and np.abs(value.mean(last)).max() < 1e-10 * size:
            return True
    return False


def place_of(scene: Scene, layers: list[Scene], batch: Batch) -> tuple[Scene, int | None]:
    """The layer inside in which samples first mix, and the axis of a softmax over the batch, if it is one."""
    culprit = Spread.of_slices(scene, batch.index, batch.axis).culprit(mixed) if layers else None
    place = next((s for s in layers if culprit is not None and s.path == culprit.path), scene)
    y = place.y
    count = scene.inputs[batch.index].shape[batch.axis]
    axes = sums_to_one(y) if y.ndim > 1 else ()
    over = axes[0] if len(axes) == 1 and y.shape[axes[0]] == count else None
    if place is scene and over is not None and over != batch.out:
        over = None
    return place, over


def _example(batch: Batch) -> tuple[int, int]:
    for i, mask in batch.moved.items():
        for j in _places(mask, batch.out):
            if i != j:
                return int(j), int(i)
    return 0, 0
