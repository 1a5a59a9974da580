"""A convolution whose weight does not stand where its axes say.

With windows and weight flattened to rows, (channel, tap) on one side and (tap, channel) on the other fit in
shape. The layer learns all the same, but its weight is no kernel: nobody can read it, or exchange it with
another library. The kernel that really acts is measured, with one impulse for each input, and compared with
the weight in every layout there is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arrays_inside import places
from ...case import close
from ...report import Finding
from .said import finding
from .scene import WEIGHTS, Scene
from .spots import first_reading

MOST = 1500  # impulses


@dataclass(frozen=True)
class Acting:
    """What the layer does: kernel (out, channels, *window). names: what its axes are called."""

    kernel: np.ndarray
    names: tuple[str, ...]


def patch_order(scene: Scene) -> Iterator[Finding]:
    """For a layer that is linear in an image or a signal, with a weight of as many axes."""
    index = next(iter(scene.data()), -1)
    x = scene.inputs[index] if index >= 0 else np.zeros(0)
    if x.ndim not in (3, 4) or x.dtype.kind != "f" or scene.y.ndim != x.ndim or x[0].size > MOST:
        return
    weights = [(n, w) for n, w in _weights(scene) if w.ndim == x.ndim and w.size < 20_000]
    if not weights:
        return
    acting = _acting(scene, index)
    for name, weight in weights:
        for act in acting:
            if sorted(act.kernel.shape) != sorted(weight.shape) or not _same_numbers(act.kernel, weight):
                continue  # axes that are merged by design are no kernel's
            if any(_laid_out(act.kernel, weight)):
                return
            order = _scrambled(act, weight)
            if order:
                yield finding(
                    "patch-order-permuted",
                    scene,
                    f"the kernel that acts has the numbers of {name} {weight.shape}, but in no order of its "
                    f"axes: windows are flattened as ({order}) and {name} is not",
                    {"weight": weight.shape, "windows flattened as": order},
                    target=name,
                    spot=first_reading(scene, name),
                )
                return


def _weights(scene: Scene) -> Iterator[tuple[str, np.ndarray]]:
    for name, value in zip(scene.names, scene.inputs, strict=True):
        if WEIGHTS.search(name) and isinstance(value, np.ndarray):
            yield name, value
    if scene.face.owner is not None:
        scene.state.restore()
        for place in places(scene.face.owner):
            value = place.get()
            if isinstance(value, np.ndarray) and not place.name.startswith(("d", "grad", "g_")):
                yield place.name, value.copy()


def _acting(scene: Scene, index: int) -> list[Acting]:
    """The kernel at the output place that sees most, for channels behind the batch and for channels last."""
    x, y = scene.inputs[index], scene.y
    slopes = np.zeros((*x.shape[1:], *y.shape[1:]))
    for place in np.ndindex(x.shape[1:]):
        moved = x.copy()
        moved[(0, *place)] += 1.0
        other = scene.first(scene.replaced(index, moved))
        if other.shape != y.shape:
            return []
        slopes[place] = (other - y)[0]
    found = []
    space = x.ndim - 2
    for last in (False, True):
        channels, outs = (space, 2 * space + 1) if last else (0, space + 1)
        # (channels, *space in, outs, *space out)
        moved_in = np.moveaxis(slopes, (channels, outs), (0, space + 1))
        seen = np.abs(moved_in) > 1e-7 * max(float(np.abs(slopes).max()), 1e-300)
        counts = seen.sum(tuple(range(space + 2)))
        at: tuple[Any, ...] = (..., *np.unravel_index(int(np.argmax(counts)), counts.shape))
        local = moved_in[at]  # (channels, *space in, outs)
        for axis in range(1, space + 1):
            rest = tuple(a for a in range(local.ndim) if a != axis)
            inside = np.flatnonzero(seen[at].any(rest))
            local = local.take(inside, axis)
        taps = ("tap",) if space == 1 else ("row", "column")
        found.append(Acting(np.moveaxis(local, -1, 0), ("out", "channel", *taps)))
    return found


def _same_numbers(kernel: np.ndarray, weight: np.ndarray) -> bool:
    return close(np.sort(kernel.ravel()), np.sort(weight.ravel()), tolerance=1e-6)


def _laid_out(kernel: np.ndarray, weight: np.ndarray) -> Iterator[bool]:
    """Whether the weight is the kernel, with its axes in some order, possibly flipped in space."""
    space = range(2, kernel.ndim)
    flips = [f for r in range(len(space) + 1) for f in itertools.combinations(space, r)]
    for order in itertools.permutations(range(kernel.ndim)):
        for flip in flips:
            turned = np.flip(kernel, flip).transpose(order)
            yield turned.shape == weight.shape and close(turned, weight, tolerance=1e-6)


def _scrambled(act: Acting, weight: np.ndarray) -> str:
    """The order of axes in which the kernel, flattened, is the weight, flattened; empty if there is none."""
    for order in itertools.permutations(range(act.kernel.ndim)):
        if close(act.kernel.transpose(order).ravel(), weight.ravel(), tolerance=1e-6):
            return ", ".join(act.names[a] for a in order)
    return ""
