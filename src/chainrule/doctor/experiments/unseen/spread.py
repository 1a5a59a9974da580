"""How a change of one slice of the input spreads through the layers inside, and where it goes astray."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from ...errors import SubjectError
from ...recorder import Call, Recording
from ...source.sites import Site
from .exchange import changed, chosen, exchanged_whole, varied
from .moments import Inside, Key, Moment
from .scene import Scene, as_arrays

Reach = dict[int, np.ndarray]  # slice of the input -> where an array changes with it


class Spread:
    """Which entries of every inner layer's inputs and outputs change with which change of the whole's
    inputs.
    """

    def __init__(self, scene: Scene, changes: dict[int, tuple[Any, ...]]) -> None:
        self.scene = scene
        self.calls: list[Call] = []
        self.reach: dict[tuple[int, str], Reach] = {}
        base = self._record(scene.inputs)
        if base is None:
            return
        self.calls = base
        kept = [_arrays_of(c) for c in base]
        for i, inputs in changes.items():
            others = self._record(inputs)
            if others is None or len(others) != len(base):
                continue
            for number, (call, was) in enumerate(zip(others, kept, strict=True)):
                for name, array in _arrays_of(call).items():
                    if name in was and was[name].shape == array.shape:
                        self.reach.setdefault((number, name), {})[i] = changed(was[name], array)

    @classmethod
    def of_slices(cls, scene: Scene, index: int, axis: int) -> Self:
        """One slice after the other of one input, along an axis."""
        return cls(scene, dict(slices(scene, index, axis)))

    @classmethod
    def of_whole_inputs(cls, scene: Scene, indices: Sequence[int]) -> Self:
        """One input after the other."""
        others = {i: exchanged_whole(scene.inputs[i], scene.rng) for i in indices}
        return cls(scene, {i: scene.replaced(i, other) for i, other in others.items() if other is not None})

    def _record(self, inputs: Any) -> list[Call] | None:
        owner = self.scene.face.owner
        if owner is None:
            return None
        with Recording(owner, copy=True) as recording:
            try:
                self.scene.call(inputs)
            except SubjectError:
                return None
        return [c for c in recording.calls if c.phase == "forward" and c.error is None]

    def sources(self, number: int, name: str) -> set[int]:
        """The changes that reach an argument or a result of a call."""
        reach = [
            r
            for (n, leaf), r in self.reach.items()
            if n == number and (leaf == name or leaf.startswith(name + "."))
        ]
        return {i for r in reach for i, mask in r.items() if mask.any()}

    def culprit(self, dirty: Callable[[Reach], bool]) -> Call | None:
        """The innermost call whose inputs are clean and whose outputs are not; the first of several."""
        found: Call | None = None
        for number, call in enumerate(self.calls):
            into = [r for (n, name), r in self.reach.items() if n == number and name.startswith("in")]
            out = [r for (n, name), r in self.reach.items() if n == number and name.startswith("out")]
            if call.path and into and not any(map(dirty, into)) and any(map(dirty, out)):
                if found is not None and not call.path.startswith(found.path + "."):
                    return found
                found = call
        return found


def slices(scene: Scene, index: int, axis: int) -> list[tuple[int, tuple[Any, ...]]]:
    """The inputs with slice i of one of them exchanged."""
    values = [
        (i, varied(scene.inputs[index], axis, i, scene.rng)) for i in chosen(scene.inputs[index].shape[axis])
    ]
    return [(i, scene.replaced(index, value)) for i, value in values if value is not None]


def arguments_of(call: Call, names: Sequence[str]) -> dict[str, str]:
    """Where a layer's arguments stand in a recorded call: 0, 1, ... or the keyword's place after them."""
    given = {name: str(i) for i, name in enumerate(names[: len(call.inputs)])}
    return given | {name: str(len(call.inputs) + i) for i, name in enumerate(call.kwargs)}


def _arrays_of(call: Call) -> dict[str, np.ndarray]:
    into = as_arrays([*call.inputs, *call.kwargs.values()])
    out = as_arrays(call.outputs if not _has_cache(call.outputs) else call.outputs[0])
    return {f"in{k}": v for k, v in into.items()} | {f"out{k}": v for k, v in out.items()}


def _has_cache(outputs: Any) -> bool:
    return (
        isinstance(outputs, tuple)
        and len(outputs) == 2
        and isinstance(outputs[0], np.ndarray)
        and not isinstance(outputs[1], np.ndarray)
    )


def mixed(reach: Reach) -> bool:
    """Whether some entry changes with more than one slice."""
    return bool(np.any(np.sum(list(reach.values()), axis=0) > 1)) if reach else False


def first_mixed(within: Inside, index: int, axis: int, out: int) -> Moment | None:
    """The first intermediate in which slices of an input have mixed for good: with each slice's own part of
    it alone exchanged, the output's slices (axis `out`) keep apart. What cancels out again, as the largest
    of all scores does in a softmax, is passed over.
    """
    reach: dict[Key, Reach] = {}
    base = {m.key: m.value for m in within.base}
    others = slices(within.scene, index, axis)
    for i, inputs in others:
        for moment in within.watch(inputs)[0]:
            was = base.get(moment.key)
            if was is not None and was.shape == moment.value.shape:
                reach.setdefault(moment.key, {})[i] = changed(was, moment.value)
    length = within.scene.inputs[index].shape[axis]

    def for_good(moment: Moment) -> bool:
        return mixed(reach.get(moment.key, {})) and any(
            all(_apart(within, base, moment, own, i, inputs, out) for i, inputs in others)
            for own in [a for a, n in enumerate(moment.value.shape) if n == length] or (None,)
        )

    return within.first_line(for_good) or within.first_line(lambda m: mixed(reach.get(m.key, {})))


def _apart(
    within: Inside,
    base: dict[Key, np.ndarray],
    moment: Moment,
    own: int | None,
    i: int,
    inputs: tuple[Any, ...],
    out: int,
) -> bool:
    """Whether slice i reaches its own output alone, if of all that a statement gives only part i changes with
    it (along axis `own`; None: nothing does).
    """

    def exchange(site: Site, execution: int, value: np.ndarray) -> np.ndarray | None:
        was = base.get((site.id, execution))
        if site.id != moment.site.id or was is None or was.shape != value.shape:
            return None
        kept = was.copy()
        if own is not None and own < value.ndim and i < value.shape[own]:
            part = (slice(None),) * own + (i,)
            kept[part] = value[part]
        return kept

    y, now = within.scene.y, within.watch(inputs, exchange=exchange)[1]
    if now.shape != y.shape:
        return False
    reached = changed(y, now).any(tuple(a for a in range(y.ndim) if a != out))
    return set(np.flatnonzero(reached)) <= {i}
