"""A layer's forward at a point: run again with other inputs, and watched for what moves.

Nothing here knows a gradient. What is asked is always the same: if this slice of the input is exchanged,
which entries of the output (or of an intermediate) change?
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ...case import Case
from ...errors import SubjectError
from ...objects import layers_of
from ...quiet import rewind, same_draws
from ...recorder import Recording
from ...snapshot import Snapshot
from ...structure import copied, is_array, leaves
from ...subject import Subject
from .exchange import changed, chosen, varied

WEIGHTS = re.compile(
    # W_out and wxh, but not words or batch
    r"^(?-i:[WUB])_?\w{0,4}$|^[wbu](_\w{1,4}|\w{0,2}|in|out|emb|hid)$"
    r"|weight|bias|kernel|gamma|^beta|theta|filter|table|param",
    re.I,
)
LENGTHS = re.compile(r"(lengths?|lens?|seq_?lens?|valid_?lens?|n_tokens|sizes)$", re.I)


class Scene:
    """One layer, on what it really receives. path: inside of what is checked; "" is the whole."""

    def __init__(self, face: Subject, inputs: Sequence[Any], state: Snapshot, path: str = "") -> None:
        self.face, self.inputs, self.state, self.path = face, tuple(inputs), state, path
        self.kwargs = dict(face.kwargs)
        self.rng = np.random.default_rng(11)
        self._base: dict[str, np.ndarray] | None = None
        self.switch: Callable[[], dict[str, Any]] | None = None  # into a mode, before every run

    @property
    def names(self) -> list[str]:
        return self.face.input_names

    @property
    def is_leaf(self) -> bool:
        """Whether no layers are inside of it."""
        return self.face.owner is None or not layers_of(self.face.owner)

    def call(
        self, inputs: Sequence[Any] | None = None, kwargs: dict[str, Any] | None = None, draw: int = 0
    ) -> Any:
        """Forward's outputs, as they are, from the state in which the subject was found.

        draw: other random numbers than those of draw 0.
        """
        self.state.restore()
        return self.call_on(inputs, kwargs, draw)

    def call_on(
        self, inputs: Sequence[Any] | None = None, kwargs: dict[str, Any] | None = None, draw: int = 0
    ) -> Any:
        """The same from the state that the last call has left behind."""
        rewind()
        self.state.restore_random()
        if draw:
            self.state.advance_random(draw * 10_007)
        for _ in range(draw):
            np.random.default_rng()  # while checking, unseeded generators are numbered
        own, loss = self.face.kwargs, self.face.loss
        switched = self.switch() if self.switch is not None else {}
        self.face.kwargs, self.face.loss = dict(self.kwargs if kwargs is None else kwargs) | switched, None
        try:
            with same_draws(draw):
                chosen = self.inputs if inputs is None else inputs
                return self.face.forward(tuple(copied(v) for v in chosen)).outputs
        except Exception as error:
            raise SubjectError("forward", error) from error
        finally:
            self.face.kwargs, self.face.loss = own, loss

    def run(
        self, inputs: Sequence[Any] | None = None, kwargs: dict[str, Any] | None = None, draw: int = 0
    ) -> dict[str, np.ndarray]:
        """The outputs by name."""
        return as_arrays(self.call(inputs, kwargs, draw))

    @property
    def base(self) -> dict[str, np.ndarray]:
        """The outputs at the point."""
        if self._base is None:
            self._base = self.run()
        return self._base

    @property
    def y(self) -> np.ndarray:
        """The first output."""
        return next(iter(self.base.values()), np.zeros(()))

    def first(
        self, inputs: Sequence[Any] | None = None, kwargs: dict[str, Any] | None = None, draw: int = 0
    ) -> np.ndarray:
        """The first output of another run; empty where the code fails."""
        try:
            return next(iter(self.run(inputs, kwargs, draw).values()), np.zeros(0))
        except SubjectError:
            return np.full(0, np.nan)

    @cached_property
    def draws(self) -> bool:
        """Whether the first output depends on random numbers: on longer inputs, others are drawn."""
        other = self.first(draw=1)
        return other.shape != self.y.shape or bool(changed(self.y, other).any())

    def replaced(self, index: int, value: Any) -> tuple[Any, ...]:
        return (*self.inputs[:index], value, *self.inputs[index + 1 :])

    def data(self) -> Iterator[int]:
        """The inputs that carry data: arrays that are neither weights nor masks, by their place. The first
        one that an object takes is data, whatever it is called.
        """
        for i, value in enumerate(self.inputs):
            is_first = i == 0 and self.face.owner is not None
            is_weight = not is_first and WEIGHTS.match(self.names[i])
            if is_array(value) and value.ndim and value.dtype != bool and not is_weight:
                yield i

    def moved(self, index: int, axis: int, base: np.ndarray | None = None) -> dict[int, np.ndarray]:
        """For slices of an input along an axis: where the first output changes when the slice does.

        base: that output as it is now, where it is not `y`.
        """
        was = self.y if base is None else base
        found: dict[int, np.ndarray] = {}
        for i in chosen(self.inputs[index].shape[axis]):
            value = varied(self.inputs[index], axis, i, self.rng)
            if value is None:
                continue
            other = self.first(self.replaced(index, value))
            if other.shape == was.shape:
                found[i] = changed(was, other)
        return found

    def following(self, index: int, axis: int) -> list[int] | None:
        """The output axes that grow or shrink by 1 when this input axis does; None where the code refuses."""
        found: list[int] | None = None
        for inputs, kwargs, by in self._resized(index, axis):
            try:
                y = next(iter(self.run(inputs, kwargs).values()), np.zeros(()))
            except SubjectError:
                continue
            if y.ndim == self.y.ndim and np.all(np.isfinite(y)):
                pairs = enumerate(zip(self.y.shape, y.shape, strict=True))
                found = [b for b, (old, new) in pairs if new == old + by]
                if found:
                    return found
        return found

    def _resized(self, index: int, axis: int) -> Iterator[tuple[tuple[Any, ...], dict[str, Any], int]]:
        """The input alone, then with all that have the same length along the same axis; then with lengths
        that are not longer than it.

        Two slices are made three, not one: a single one would be broadcast against other inputs.
        """
        length = self.inputs[index].shape[axis]
        for by in (1, -1) if length == 2 else (-1,):
            keep = [*range(length), length - 1] if by > 0 else list(range(length - 1))

            def resized(value: Any, keep: list[int] = keep) -> Any:
                if isinstance(value, list) and axis == 0 and len(value) == length:
                    return [value[i] for i in keep]  # lengths, labels
                if not is_array(value) or value.ndim <= axis or value.shape[axis] != length:
                    return value
                return value.take(keep, axis)

            if length > 1:
                yield self.replaced(index, resized(self.inputs[index])), self.kwargs, by
                yield tuple(map(resized, self.inputs)), {k: resized(v) for k, v in self.kwargs.items()}, by
            lengths = [*zip(self.names, self.inputs, strict=True), *self.kwargs.items()]
            if by < 0 and any(_are_lengths(*pair) for pair in lengths):

                def shorter(name: str, value: Any, most: int = length + by) -> Any:
                    return np.minimum(value, most) if _are_lengths(name, value) else value

                given = list(map(shorter, self.names, self.inputs))
                given[index] = resized(self.inputs[index])
                yield tuple(given), {k: shorter(k, v) for k, v in self.kwargs.items()}, by


def _are_lengths(name: str, value: Any) -> bool:
    value = np.asarray(value) if isinstance(value, list) else value
    return bool(LENGTHS.search(name)) and is_array(value) and value.dtype.kind in "iu"


def root(case: Case) -> Scene:
    """The whole that is checked."""
    return Scene(case.probe.subject, case.probe.inputs, case.probe.state, case.path)


def inner(case: Case) -> list[Scene]:
    """Every layer inside, at its first call."""
    owner = case.probe.subject.owner
    if owner is None or not layers_of(owner):
        return []
    whole = root(case)
    with Recording(owner, copy=True) as recording:
        try:
            whole.call()
        except SubjectError:
            return []
    found: dict[int, Scene] = {}
    for call in recording.calls:
        if call.phase != "forward" or not call.path or call.error is not None or id(call.layer) in found:
            continue
        try:
            face = Subject(call.layer, call.inputs, call.kwargs)
            case.probe.state.restore()
            face.learn_conventions(face.forward(tuple(copied(v) for v in call.inputs)))
        except Exception:  # not to be called alone
            continue
        found[id(call.layer)] = Scene(face, call.inputs, case.probe.state, call.path)
    case.probe.state.restore()
    return list(found.values())


def as_arrays(outputs: Any) -> dict[str, np.ndarray]:
    return {name: np.array(value, dtype=float) for name, value in leaves(outputs, "")}
