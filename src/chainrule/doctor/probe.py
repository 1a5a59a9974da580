"""A subject at a point: run it with other values, other upstream gradients, tampered with in between.

The point is chosen so that faults can be seen: float64, no constant or repeated input values, parameters off
their initial values (a norm's gamma of 1 hides a missing gamma), a batch of more than one, random upstream.
Every run starts from the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import SubjectError
from .first_runs import find_gradients, starts_itself
from .point import choose_inputs, choose_parameters, grow
from .precision import Promoter
from .quiet import rewind, same_draws
from .snapshot import Snapshot
from .structure import as_structure, copied, equal_structures, identical, is_array, is_real, leaves, mapped
from .subject import Forward, Subject

Arrays = dict[str, np.ndarray]
RATE = 0.05


@dataclass
class Run:
    """What one forward and backward gave."""

    outputs: Arrays
    gradients: dict[str, Any]
    returned: Any
    changed: list[str] = field(default_factory=list)  # upstream, inputs or cached arrays changed in place
    changed_by_forward: list[str] = field(default_factory=list)  # inputs
    updated: list[str] = field(default_factory=list)  # parameters that backward has moved
    forward: Forward | None = None


class Probe:
    """Runs a subject at a point; `names` are the inputs and parameters at which it can be differentiated."""

    def __init__(self, subject: Subject, *, seed: int = 0, given: Any = None, own_point: bool = True) -> None:
        self.subject = subject
        self.rng = np.random.default_rng(
            [seed, 8_191]
        )  # not the numbers that default_rng(seed) gave the user
        self.inputs: tuple[Any, ...] = tuple(subject.inputs)
        self.original = Snapshot([*subject.roots, subject.inputs, subject.kwargs, subject.loss])
        self.first_output_only = False
        self._live_inputs: tuple[Any, ...] = ()
        self._values: Arrays = {}  # of the parameters at the point, once it is chosen
        self._live_cache: Any = None
        self.rate = RATE
        promoter = Promoter()
        self.inputs = tuple(copied(promoter(value)) for value in self.inputs)
        if subject.owner is not None:
            promoter.object(subject.owner)
        self.state = Snapshot(subject.roots)
        try:
            self._settle(given, own_point)
        except BaseException:
            self.original.restore()
            raise

    def _settle(self, given: Any, own_point: bool) -> None:
        """Chooses the point, and finds the parameters there."""
        if own_point:
            choose_inputs(self)
        self._try_forward()
        if own_point:
            grow(self)
        self.upstream = self.random_upstream()
        self.backward_error: SubjectError | None = None
        find_gradients(self, given)
        if starts_itself(self):
            self.upstream = self.random_upstream()
        if own_point:
            choose_parameters(self)
        self.names = self._names()
        self._values = {p.name: self.value(p.name) for p in self.subject.parameters}

    def close(self) -> None:
        """Gives the subject back as it was found."""
        self.original.restore()

    @property
    def seconds(self) -> float:
        """What one forward costs."""
        return self.subject.forward_meter.seconds

    # ------------------------------------------------------------ choosing the point

    def _try_forward(self) -> None:
        try:
            self.forward(self.inputs)
            self.output_shapes = {n: np.shape(v) for n, v in self.forward(self.inputs).leaves.items()}
        except SubjectError:
            raise
        if not self.output_shapes:
            raise SubjectError("forward", ValueError("it returned no floating array"))

    def random_upstream(self) -> Arrays:
        if self.subject.is_loss:
            return {name: np.ones(shape) for name, shape in self.output_shapes.items()}
        return {name: self.rng.normal(size=shape) for name, shape in self.output_shapes.items()}

    def is_input(self, name: str) -> bool:
        return any(name == n for n in self._input_leaves())

    def _input_leaves(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for i, (name, value) in enumerate(zip(self.subject.input_names, self.inputs, strict=True)):
            if self.subject.differentiable(i, value):
                found.update(leaves(value, name))
        return found

    def input_value(self, name: str) -> Any:
        return self._input_leaves()[name]

    def _names(self) -> list[str]:
        return [*self._input_leaves(), *(p.name for p in self.subject.parameters)]

    # ------------------------------------------------------------ reading and setting values

    def is_parameter(self, name: str) -> bool:
        return any(p.name == name for p in self.subject.parameters)

    def value(self, name: str) -> np.ndarray:
        """What stands there at the point."""
        if name in self._values:
            return self._values[name].copy()
        for parameter in self.subject.parameters:
            if parameter.name == name:
                self.state.restore()
                return np.array(parameter.place.get(), dtype=float)
        return np.array(self._input_leaves()[name], dtype=float)

    def _set(self, changes: Arrays) -> tuple[Any, ...]:
        """Sets parameters in place; returns the inputs, copied, with the changes in them."""
        for parameter in self.subject.parameters:
            if parameter.name in changes:
                value = changes[parameter.name]
                parameter.place.set(value if np.ndim(value) else float(value))
        return tuple(
            mapped(copied(value), lambda n, leaf: _shaped(changes[n], leaf) if n in changes else leaf, name)
            for name, value in zip(self.subject.input_names, self.inputs, strict=True)
        )

    # ------------------------------------------------------------ running

    def forward(self, inputs: Sequence[Any]) -> Forward:
        self.state.restore()
        rewind()
        try:
            with same_draws():
                return self.limited(self.subject.forward(tuple(copied(v) for v in inputs)))
        except Exception as error:
            raise SubjectError("forward", error) from error

    def limited(self, forward: Forward) -> Forward:
        if self.first_output_only and isinstance(forward.outputs, (tuple, list)):
            forward.outputs = forward.outputs[0]
            forward.leaves = dict(leaves(forward.outputs))
        return forward

    def backward(self, forward: Forward, upstream: Arrays, rate: float, draw: int = 0) -> Any:
        try:
            with same_draws(1000 + draw):
                return self.subject.backward(forward, upstream, self.inputs, rate)
        except Exception as error:
            raise SubjectError("backward", error) from error

    def outputs(self, changes: Arrays | None = None, *, other_draws: bool = False) -> Arrays:
        """Forward alone, with some inputs or parameters changed, or with other random numbers."""
        self.state.restore()
        if other_draws:
            self.state.advance_random()
        inputs = self._set(changes or {})
        rewind()
        try:
            with same_draws():
                found = self.limited(self.subject.forward(inputs)).leaves
        except Exception as error:
            raise SubjectError("forward", error) from error
        return {name: np.array(value, dtype=float) for name, value in found.items()}

    def scalar(self, changes: Arrays | None = None, upstream: Arrays | None = None) -> float:
        """sum(upstream * outputs): the number of which gradients are taken."""
        weights = upstream or self.upstream
        return float(sum(np.vdot(weights[n], value) for n, value in self.outputs(changes).items()))

    def handed(self) -> list[Any]:
        """While backward runs: the arrays that it was given, which are not its own to change."""
        given = [*leaves(self.subject.last_upstream), *leaves(as_structure(self._live_cache))]
        return [leaf for _, leaf in given] + self.live_inputs()

    def live_inputs(self) -> list[Any]:
        """The arrays of this run's inputs, as they are now."""
        return [leaf for _, leaf in leaves(list(self._live_inputs))]

    def overwrite(self, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
        """Between forward and backward: puts another array in the place of a
        parameter or of an input that the cache may refer to.
        """
        for parameter in self.subject.parameters:
            if parameter.name == name:
                parameter.place.set(change(np.array(parameter.place.get(), dtype=float)))
        for input_name, value in zip(self.subject.input_names, self._live_inputs, strict=False):
            for leaf_name, leaf in leaves(value, input_name):
                if leaf_name == name and is_array(leaf):
                    leaf[...] = change(leaf.copy())

    def advance_random(self) -> None:
        """Between forward and backward: from here on other numbers are drawn."""
        self.state.advance_random()
        for value in self._live_inputs:
            if isinstance(value, np.random.Generator):
                value.random(5)
            elif isinstance(value, np.random.RandomState):
                value.rand(5)

    def run(
        self,
        upstream: Arrays | None = None,
        changes: Arrays | None = None,
        *,
        between: Callable[[Probe, Forward], None] | None = None,
        rate: float | None = None,
        backwards: int = 1,
        rounds: int = 1,
        again: Callable[[], Any] | None = None,
        draws_as_forward: bool = False,
    ) -> Run:
        """Forward and backward.

        between: called after forward and before backward, to tamper.
        backwards: how often backward is called on the one forward.
        rounds: how often forward and backward are repeated without putting the state back.
        again: called before each of them but the first.
        draws_as_forward: chainrule's own layers draw the numbers in backward that they drew in forward.
        """
        rate = self.rate if rate is None else rate
        upstream = upstream or self.upstream
        self.state.restore()
        rewind()
        for round_ in range(rounds):
            if round_ and again is not None:
                again()
            inputs = self._set(changes or {})
            self._live_inputs = inputs
            before = {p.name: np.array(p.place.get(), dtype=float) for p in self.subject.parameters}
            if self.subject.rate_places:
                for place in self.subject.rate_places:
                    place.set(rate)
            kept = tuple(copied(v) for v in inputs)
            try:
                with same_draws():
                    forward = self.limited(self.subject.forward(inputs))
            except Exception as error:
                raise SubjectError("forward", error) from error
            outputs = {n: np.array(v, dtype=float) for n, v in forward.leaves.items()}
            self._live_cache = forward.cache
            by_forward = self._differing(inputs, kept)
            kept = tuple(copied(v) for v in inputs) if between is None else kept
            if between is not None:
                between(self, forward)
            cached = [np.array(v) for _, v in leaves(as_structure(forward.cache))]
            for call in range(backwards):
                try:
                    with same_draws(0 if draws_as_forward else 1000 + call + 10 * round_):
                        returned = self.subject.backward(forward, upstream, inputs, rate)
                except Exception as error:
                    raise SubjectError("backward", error) from error
        if type(returned) is dict:
            returned = dict(returned)  # the subject's own may be emptied before anybody reads it
        given = dict(leaves(self.subject.last_upstream, ""))
        own = self.subject.loss is None
        changed = ["upstream"] if own and any(not identical(v, upstream[n]) for n, v in given.items()) else []
        changed += self._differing(inputs, kept)
        now = [v for _, v in leaves(as_structure(forward.cache))]
        if len(now) == len(cached) and any(not identical(a, b) for a, b in zip(now, cached, strict=True)):
            changed.append("cache")
        gradients, rest = self.subject.input_gradients(returned, inputs)
        gradients |= self.subject.parameter_gradients(rest, before, rate)
        updated = [
            p.name
            for p in self.subject.parameters
            if p.name in before and not identical(before[p.name], np.asarray(p.place.get(), dtype=float))
        ]
        return Run(outputs, frozen(gradients), returned, changed, by_forward, updated, forward)

    def _differing(self, inputs: Sequence[Any], kept: Sequence[Any]) -> list[str]:
        """The inputs that hold other numbers than before."""
        before = zip(self.subject.input_names, inputs, kept, strict=True)
        # a dict of settings is where some keep running statistics
        return [
            name
            for name, value, was in before
            if type(value) is not dict and not equal_structures(value, was)
        ]


def _shaped(value: Any, leaf: Any) -> Any:
    return np.array(value, dtype=float) if is_array(leaf) else float(value)


def frozen(gradients: dict[str, Any]) -> dict[str, Any]:
    return {n: np.array(g, dtype=float) if is_real(g) or is_array(g) else g for n, g in gradients.items()}
