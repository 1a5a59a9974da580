"""What stands between input and output: the arrays of one prediction, in order, with the place of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..objects import layers_of
from ..recorder import Recording
from .batches import arrays_of
from .moments import Moment, watch
from .trainee import Trainee


@dataclass(eq=False)
class Stage:
    """One array of a forward pass, samples first. where: the layer's path, or the variable's name."""

    where: str
    file: str
    line: int
    value: np.ndarray

    @property
    def spot(self) -> tuple[str, int, tuple[int, ...]]:
        return self.where, self.line, self.value.shape

    @property
    def rows(self) -> np.ndarray:
        return self.value.reshape(len(self.value), -1)


def paths_of(subject: Any) -> dict[int, str]:
    return {id(layer): path for path, layer in layers_of(subject).items()}


def stages(trainee: Trainee, x: Any, samples: int, every: bool = False) -> list[Stage]:
    """The floating arrays with one entry per sample that a prediction passes through, at the present weights.

    Inputs themselves are left out, and, unless `every`, other names for one array. Empty where a prediction
    fails.
    """
    paths = paths_of(trainee.subject)
    with Recording(trainee.subject, copy=True) as recording:
        result = trainee.try_(lambda: watch(lambda: trainee.predict(x), paths))
    if isinstance(result, Exception):
        return []
    output, moments = result
    found = from_moments(moments, samples, every)
    calls = [c for c in recording.calls if c.phase == "forward" and c.path]
    if len(calls) > 1 and len({s.where for s in found}) < 2:
        found = []
        for call in calls:
            array = next(iter(arrays_of(call.outputs)), None)
            first = None if array is None else samples_first(array, samples)
            if first is not None:
                found.append(Stage(call.path, "", 0, first))
    if output is not None and samples_first(output, samples) is not None:
        last = samples_first(output, samples)
        assert last is not None
        if not found or found[-1].value.shape != last.shape or not np.array_equal(found[-1].value, last):
            found.append(Stage("output", "", 0, last))
    given = arrays_of(x)
    return [s for s in found if not any(_same(s.value, samples_first(g, samples)) for g in given)]


def from_moments(moments: list[Moment], samples: int, every: bool = False) -> list[Stage]:
    found = []
    last: dict[int, np.ndarray] = {}
    for moment in moments:
        if moment.value.dtype.kind != "f":
            continue
        first = samples_first(moment.value, samples)
        if first is None or (not every and any(_same(first, known) for known in last.values())):
            continue
        name = moment.name.removeprefix("return of ")
        where = (
            f"{moment.owner}.{name}"
            if moment.owner and not moment.name.startswith("return")
            else moment.owner or name
        )
        found.append(Stage(where, moment.file, moment.line, first))
        last[len(found) % 4] = first
    return found


def samples_first(array: np.ndarray, samples: int) -> np.ndarray | None:
    """The array with its axis of samples in front; None where it has none."""
    array = np.asarray(array)
    if array.dtype.kind not in "fiub" or array.ndim == 0:
        return None
    axes = [a for a in (0, array.ndim - 1, *range(1, array.ndim - 1)) if array.shape[a] == samples]
    return np.moveaxis(array, axes[0], 0) if axes else None


def _same(a: np.ndarray, b: np.ndarray | None) -> bool:
    return b is not None and a.shape == b.shape and np.array_equal(a, b, equal_nan=True)
