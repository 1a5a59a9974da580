"""Arithmetic in the few bits of a picture: 3 - 5 is 254 as uint8. The same numbers as floats tell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...report import Finding
from ...structure import is_array
from .exchange import changed
from .moments import Moment, inside
from .said import finding
from .scene import Scene

NARROW = 4  # bytes: what is shorter wraps soon


def wrapping(scene: Scene) -> Iterator[Finding]:
    """The output for inputs of a narrow integer type, and for the same numbers as float64. Ids are refused as
    floats: of these nothing is said.
    """
    for index, value in enumerate(scene.inputs):
        if not is_array(value) or value.dtype.kind not in "iu" or value.dtype.itemsize >= NARROW:
            continue
        floats = scene.replaced(index, value.astype(np.float64))
        wide = scene.first(floats)
        if wide.shape != scene.y.shape or not np.all(np.isfinite(wide)):
            continue
        count = int(changed(wide, scene.y).sum())
        if count and not scene.draws:
            name = scene.names[index]
            yield finding(
                "dtype-hazard",
                scene,
                f"{name} is {value.dtype}; with the same numbers as float64 {count} of {wide.size} "
                "numbers of the output are others: some arithmetic wraps around or is rounded",
                {"dtype": str(value.dtype), "range": [int(value.min()), int(value.max())]},
                target=name,
                at=_first_other(scene, floats),
            )


def _first_other(scene: Scene, inputs: tuple[object, ...]) -> Moment | None:
    """The first statement whose floating value is another than with these inputs."""
    within = inside(scene, deep=True)
    if within is None:
        return None
    wide = {m.key: m.value for m in within.watch(inputs)[0]}
    return within.first_line(lambda m: m.key in wide and bool(changed(wide[m.key], m.value).any()))
