"""Who asks, and who answers? In cross-attention the queries come from the decoder, keys and values from the
encoder.

Which input is which is taken from their names. What is decided by experiment is which of them the output
follows in length, which drives the rows of the weights, and which the values come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ...report import Finding
from .exchange import changed, exchanged_whole, varied
from .moments import Inside, Moment
from .said import finding
from .scene import Scene
from .spread import Spread, arguments_of
from .weights import Weights, attends, exchanged, find

MEMORY = re.compile(
    r"(^|_)(memory|mem|enc|encoder|encoded|encodings?|src|source|context|kv|annotations)(_|$)", re.I
)
KEY = re.compile(r"^(k|keys?)$|^key_?", re.I)
VALUE = re.compile(r"^(v|values?)$|^value_?", re.I)
ASKS = re.compile(r"(^|_)(q|quer(y|ies)|x|h|s|dec|decoder|tgt|target|hidden|states?|inputs?)(_|$|\d)", re.I)


class Roles:
    """The places of the inputs that ask, and of those that are to answer; -1 where there is none."""

    def __init__(self, scene: Scene) -> None:
        self.asks = self.key = self.value = -1
        for i in scene.data():
            name, ndim = scene.names[i], scene.inputs[i].ndim
            if ndim < 2:
                continue
            if KEY.search(name):
                self.key = i if self.key < 0 else self.key
            elif VALUE.search(name):
                self.value = i if self.value < 0 else self.value
            elif MEMORY.search(name):
                self.key = i if self.key < 0 else self.key
            elif self.asks < 0 and ASKS.search(name):
                self.asks = i
        if self.value < 0:
            self.value = self.key

    @property
    def known(self) -> bool:
        return min(self.asks, self.key, self.value) >= 0


def roles_swapped(scene: Scene, layers: list[Scene]) -> Iterator[Finding]:
    """For the whole: its own code, then what it hands to the layers inside."""
    roles = Roles(scene)
    if not roles.known or not (attends(scene) or any(attends(s) for s in layers)):
        return
    handed = list(_handed(scene, layers, roles))
    if handed:
        yield from handed
        return
    inside_found = list(_own(scene, roles))
    if inside_found:
        yield from inside_found
        return
    yield from _length(scene, roles)


def own_roles(scene: Scene) -> Iterator[Finding]:
    """For a layer inside: its own code only."""
    roles = Roles(scene)
    if roles.known and attends(scene):
        yield from list(_own(scene, roles)) or list(_length(scene, roles))


def _length(scene: Scene, roles: Roles) -> Iterator[Finding]:
    """The output must be as long as what asks."""
    if roles.key == roles.asks:
        return
    after_memory, after_asking = (
        _follows(scene, roles.key, roles.value),
        _follows(scene, roles.asks, roles.asks),
    )
    if after_memory and not after_asking:
        asks, memory = scene.names[roles.asks], scene.names[roles.key]
        yield finding(
            "attention-roles-swapped",
            scene,
            f"with one position less in {memory} the output is shorter by one; with one less in {asks} "
            "it is not",
            {"output follows": memory, "should follow": asks},
            target=memory,
        )


def _follows(scene: Scene, first: int, second: int) -> bool:
    """Whether the output becomes shorter with these inputs, all others left alone."""
    for axis in range(scene.inputs[first].ndim):
        inputs = list(scene.inputs)
        for i in {first, second}:
            if inputs[i].ndim <= axis or inputs[i].shape[axis] < 2:
                break
            inputs[i] = inputs[i].take(range(inputs[i].shape[axis] - 1), axis)
        else:
            y = scene.first(inputs)
            if y.ndim == scene.y.ndim and sum(scene.y.shape) - sum(y.shape) == 1:
                return True
    return False


def _own(scene: Scene, roles: Roles) -> Iterator[Finding]:
    within, found = find(scene)
    if within is None:
        return
    asks, key, value = (scene.names[i] for i in (roles.asks, roles.key, roles.value))
    for weights in found:
        if weights.mixed is None or len(weights.summed) != 1:
            continue
        by_asks, by_key = _moves(within, weights, roles.asks), _moves(within, weights, roles.key)
        values = _values(within, weights, roles)
        if (
            by_key
            and _drives_rows(within, weights, roles.key)
            and not _drives_rows(within, weights, roles.asks)
        ):
            detail = (
                f"one position of {key} changes one row of the weights alone: {key} asks, where {asks} should"
            )
            new = exchanged_whole(scene.inputs[roles.key], scene.rng)
            at = None if new is None else within.taken(roles.key, new)
            yield _swapped(scene, detail, "query", key, at or weights.first)
            return
        if by_asks and by_key and values == {roles.asks}:
            detail = (
                f"the weights depend on {key}; but with the weights held fixed, what they mix depends "
                f"on {asks} and"
                f" not on {value}"
            )
            yield _swapped(scene, detail, "value", asks, weights.mixed)
            return
        if by_asks and not by_key and roles.value in values and roles.asks not in values:
            detail = f"what is mixed comes from {value}, but the weights do not depend on {key} at all"
            yield _swapped(scene, detail, "key", asks, weights.first)
            return


def _swapped(scene: Scene, detail: str, role: str, source: str, at: Moment | None) -> Finding:
    evidence = {"role": role, "comes from": source}
    return finding("attention-roles-swapped", scene, detail, evidence, target=source, at=at)


def _moves(within: Inside, weights: Weights, index: int) -> bool:
    """Whether the weights change with an input."""
    moment = _other(within, weights.first, index)
    return moment is None or bool(changed(weights.p, moment).any())


def _other(within: Inside, moment: Moment, index: int) -> np.ndarray | None:
    """The value at a moment when a whole input is exchanged."""
    new = exchanged_whole(within.scene.inputs[index], within.scene.rng)
    if new is None:
        return None
    for m in within.watch(within.scene.replaced(index, new))[0]:
        if m.key == moment.key and m.value.shape == moment.value.shape:
            return m.value
    return None


def _drives_rows(within: Inside, weights: Weights, index: int) -> bool:
    """Whether position i of an input changes row i of the weights alone, rows being what the output keeps."""
    scene, p = within.scene, weights.p
    beside = [a for a in (weights.summed[0] - 1, weights.summed[0] + 1) if a in weights.kept]
    for axis, length in enumerate(scene.inputs[index].shape):
        for row in beside:
            if (
                p.shape[row] != length
                or length < 2
                or (axis == 0 and scene.inputs[index].ndim > 2 and row == 0)
            ):
                continue
            rest = tuple(a for a in range(p.ndim) if a != row)
            reached = []
            for i in (0, length - 1):
                other = varied(scene.inputs[index], axis, i, scene.rng)
                moments = within.watch(scene.replaced(index, other))[0] if other is not None else []
                new = next((m.value for m in moments if m.key == weights.first.key), None)
                if new is None or new.shape != p.shape:
                    return False
                reached.append(list(np.flatnonzero(changed(p, new).any(rest))) == [i])
            if all(reached):
                return True
    return False


def _values(within: Inside, weights: Weights, roles: Roles) -> set[int]:
    """The inputs on which the mixture depends while the weights are held as they are."""
    found = set()
    mixed = weights.mixed
    assert mixed is not None
    for index in {roles.asks, roles.value}:
        new = exchanged_whole(within.scene.inputs[index], within.scene.rng)
        if new is None:
            continue
        moments, _ = exchanged(within, [weights], [weights.p], within.scene.replaced(index, new))
        other = next((m.value for m in moments if m.key == mixed.key), None)
        if other is not None and other.shape == mixed.value.shape and changed(mixed.value, other).any():
            found.add(index)
    return found


def _handed(scene: Scene, layers: list[Scene], roles: Roles) -> Iterator[Finding]:
    """What the layers inside are given as query, key and value."""
    spread = Spread.of_whole_inputs(scene, [roles.asks, roles.key])
    for number, call in enumerate(spread.calls):
        layer = next((s for s in layers if s.path == call.path), None)
        if layer is None or not attends(layer):
            continue
        local = Roles(layer)
        if not local.known:
            continue
        given = arguments_of(call, layer.names)
        names = {
            i: f"in{given[layer.names[i]]}"
            for i in (local.asks, local.key, local.value)
            if layer.names[i] in given
        }
        if len(names) < len({local.asks, local.key, local.value}):
            continue
        by = {i: spread.sources(number, name) for i, name in names.items()}
        question, keys, values = by[local.asks], by[local.key], by[local.value]
        asks, memory = scene.names[roles.asks], scene.names[roles.key]
        if question == {roles.key} and roles.asks in keys | values:
            detail = (
                f"{call.path} is handed {memory} as {layer.names[local.asks]}, and what comes "
                f"from {asks} as key or value"
            )
            yield finding(
                "attention-roles-swapped", layer, detail, {"query comes from": memory}, target=memory
            )
            return
        if roles.asks in question and keys == {roles.key} and values == {roles.asks}:
            detail = f"{call.path} is handed keys from {memory}, but values from {asks}"
            yield finding("attention-roles-swapped", layer, detail, {"values come from": asks}, target=asks)
            return
