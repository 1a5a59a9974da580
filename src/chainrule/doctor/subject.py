"""One face for everything that can be checked: forward, backward, inputs, parameters and their gradients.

`Subject` finds out by reading signatures and by trying how the two are called, and runs them. It knows
nothing of numerical gradients and nothing of faults.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .accumulators import by_input, zeros
from .arrays_inside import Place, places
from .assigned import input_gradients
from .calling import TRAINING, BackwardCall, accepts, names_a_cache, positional, read_backward
from .effort import Meter
from .errors import NotASubject
from .given import given_parameters
from .left import input_gradient_of, output_or_refusal, prediction_of, reduction_of
from .naming import IDS, LEARNING_RATES, MASKS
from .objects import backward_of, find_method, forward_of
from .of_parameters import parameter_gradients
from .parameters import Parameter, find_parameters
from .source.read import returned_names
from .structure import Leaves, is_array, is_real, leaves, mapped


@dataclass
class Forward:
    """What one forward gave: the outputs as returned, named leaves of them, and the cache if there is one."""

    raw: Any
    outputs: Any
    cache: Any
    leaves: dict[str, Any] = field(default_factory=dict)


class Subject:
    """A forward and a backward, however they are spelled."""

    steady: set[str] | None = None  # the places of the owner that forward leaves as they are

    def __init__(
        self,
        subject: Any,
        inputs: Sequence[Any],
        kwargs: dict[str, Any] | None = None,
        *,
        name: str = "",
        training: bool | None = None,
        loss: Any = None,
        target: Any = None,
    ) -> None:
        self.owner: Any = None
        self.loss, self.target = loss, target
        self.name = name or type(subject).__name__
        self.is_pair = (
            isinstance(subject, (tuple, list)) and len(subject) == 2 and all(map(callable, subject))
        )
        if self.is_pair:
            self.forward_function, self.backward_function = subject
            self.name = name or getattr(subject[0], "__name__", "forward")
        else:
            names = forward_of(subject), backward_of(subject)
            if None in names:
                raise NotASubject(_missing(subject, *names))
            self.owner = subject
            self.forward_function = getattr(subject, str(names[0]))
            self.backward_function = getattr(subject, str(names[1]))
        self.kwargs = dict(kwargs or {})
        self._set_training(training, len(inputs))
        self.input_names = self._names_of(inputs)
        self.inputs = tuple(inputs)
        self.returns_cache = self.learned = False
        self.call = self._read_backward()
        self.parameters: list[Parameter] = []
        self.overlooked: dict[str, str] = {}  # parameters without a gradient: what may be theirs
        self.last_upstream: Any = None  # what the last backward was given
        self.reduction: Any = None  # of a loss that forward gives for each sample
        self.return_names = returned_names(self.backward_function)
        self.rate_places: list[Place] = []
        self.forward_meter, self.backward_meter = Meter(), Meter()

    # ------------------------------------------------------------ reading conventions

    def _names_of(self, inputs: Sequence[Any]) -> list[str]:
        names = [p.name for p in positional(self.forward_function)]
        names += [f"input{i}" for i in range(len(names), len(inputs))]
        return names[: len(inputs)]

    def _set_training(self, training: bool | None, given: int) -> None:
        if training is None:  # backward is that of training, whatever forward does by default
            flags = [p for p in positional(self.forward_function)[given:] if p.name in TRAINING]
            self.kwargs = {p.name: True for p in flags if p.default is False} | self.kwargs
            return
        for name in TRAINING:
            if accepts(self.forward_function, name) and name in {
                p.name for p in positional(self.forward_function)
            }:
                self.kwargs.setdefault(name, "train" if name == "mode" and training else training)
                return
        if self.owner is None:
            return
        method = "train" if training else "eval"
        if find_method(self.owner, method) is not None:
            try:
                getattr(self.owner, method)()
                return
            except TypeError:
                pass
        for place_name in TRAINING:
            if isinstance(getattr(self.owner, "__dict__", {}).get(place_name), bool):
                object.__setattr__(self.owner, place_name, training)

    def learn_conventions(self, forward: Forward) -> None:
        """After a first forward: does its result end in a cache?"""
        raw = forward.raw
        self.returns_cache = (
            isinstance(raw, tuple) and len(raw) >= 2 and (self.is_pair or self._is_a_cache(raw[-1]))
        )
        self.call = self._read_backward()

    def _read_backward(self) -> BackwardCall:
        outputs = (returned_names(self.forward_function) or []) if self.is_pair else []
        return read_backward(
            self.backward_function, self.input_names, self.is_pair, self.returns_cache, outputs[:1]
        )

    def _is_a_cache(self, last: Any) -> bool:
        """Of a method's results, the last: backward asks for a cache, or what else could it be?"""
        is_output = is_real(last) or (isinstance(last, list) and any(True for _ in leaves(last)))
        return names_a_cache(self.backward_function, self.input_names) or (
            not is_output and len(positional(self.backward_function)) > 1
        )

    @property
    def is_loss(self) -> bool:
        """A loss's backward starts by itself: it takes no upstream gradient."""
        return self.call.upstreams == 0 or self.loss is not None

    # ------------------------------------------------------------ running

    def forward(self, inputs: Sequence[Any]) -> Forward:
        raw = self.forward_meter(self.forward_function, *inputs, **self.kwargs)
        if raw is None:
            raw = output_or_refusal(self.owner, inputs, self.name)
        if not self.learned:
            self.learned = True
            self.learn_conventions(Forward(raw, raw, None))
        outputs, cache = raw, None
        if self.returns_cache and isinstance(raw, tuple):
            cache = raw[-1]
            rest = raw[:-1]
            outputs = rest[0] if len(rest) == 1 else rest
        if self.loss is not None:
            from .criterion import loss_value

            value = loss_value(self.loss, outputs, self.target)
            return Forward(raw, outputs, cache, {"loss": float(value)})
        if self.call.of_samples and is_array(outputs) and outputs.ndim:
            self.reduction = self.reduction or reduction_of(self.owner, outputs, inputs)
            outputs = float(self.reduction(outputs))
        return Forward(raw, outputs, cache, dict(leaves(outputs, "")))

    def backward(self, forward: Forward, upstream: dict[str, Any], inputs: Sequence[Any], rate: float) -> Any:
        """Calls backward; upstream: one array per leaf of the outputs."""
        if self.loss is not None:
            from .criterion import loss_gradient

            outputs = loss_gradient(self.loss, forward.outputs, self.target)
        else:
            outputs = mapped(forward.outputs, lambda name, leaf: _like(upstream[name], leaf))
        self.last_upstream = outputs
        wanted = self.call.upstreams
        parts = list(outputs) if isinstance(outputs, tuple) and wanted > 1 else [outputs]
        arguments: list[Any] = []
        keywords: dict[str, Any] = {}
        added: dict[str, Any] = {}
        unknown = ""  # what backward asks for beside the gradients of forward's outputs
        for role, name in self.call.roles:
            if role == "upstream":
                unknown = name if not parts else unknown
                value: Any = parts.pop(0) if parts else None
            elif role == "cache":  # of a pair that keeps none: softmax_grad(p, g) is handed the output
                value = forward.cache if self.returns_cache or not self.is_pair else forward.outputs
            elif role == "rate":
                value = rate
            elif role == "accumulator":
                value = added = zeros(inputs)
            elif role == "prediction":
                value = forward.outputs if self.is_pair else prediction_of(self.owner, inputs)
            elif role == "label":
                value = inputs[1]
            else:
                value = inputs[self.input_names.index(name)]
            if name == "*" or (
                not keywords and self.call.order[len(arguments) : len(arguments) + 1] == (name,)
            ):
                arguments.append(value)
            else:
                keywords[name] = value
        try:
            returned = self.backward_meter(self.backward_function, *arguments, **keywords)
        except TypeError as error:
            if unknown:
                raise NotASubject(self._asks_for(unknown, wanted)) from error
            raise
        if added:
            return by_input(returned, added, self.input_names, inputs)
        if returned is None and self.owner is not None:
            return input_gradient_of(self.owner, self.input_names)
        return returned

    def _asks_for(self, name: str, wanted: int) -> str:
        backward = getattr(self.backward_function, "__name__", "backward")
        return (
            f"{backward} asks for {wanted} gradients from above, forward gives fewer outputs: what is "
            f"{name}? Call it a cache (cache, ctx), or as the input of forward that it is"
        )

    # ------------------------------------------------------------ gradients

    def discover(self, before: dict[str, np.ndarray], moved: set[str], given: Any = None) -> None:
        """Finds the parameters, right after a backward."""
        if self.owner is None:
            return
        self.parameters = find_parameters(self.owner, before, moved)
        if self.call.learning_rate is None and any(p.name in moved for p in self.parameters):
            # backward updates the weights with a learning rate of its own
            self.rate_places = [
                p for p in places(self.owner) if LEARNING_RATES.match(p.name) and p.name != "rate"
            ]
        if given is not None:
            self.parameters = given_parameters(self, given, moved)

    def input_gradients(self, returned: Any, inputs: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
        """Assigns what backward returned to the leaves of the inputs; what is left belongs to parameters."""
        return input_gradients(self, returned, inputs)

    def differentiable(self, index: int, value: Any) -> bool:
        """Whether a gradient is due for an input: floating numbers, neither a mask nor ids."""
        name = self.input_names[index]
        if not any(True for _ in leaves(value)):
            return False
        if MASKS.search(name) or (
            IDS.search(name) and is_array(value) and bool(np.all(value == np.round(value)))
        ):
            return False
        return not isinstance(value, (float, np.floating))

    def parameter_gradients(
        self, rest: list[Any], before: dict[str, np.ndarray], rate: float
    ) -> dict[str, Any]:
        """Each parameter's gradient after a backward: from its place, from what was returned, or from the
        step that was made.
        """
        return parameter_gradients(self, rest, before, rate)

    # ------------------------------------------------------------ where it is written

    @property
    def roots(self) -> list[Any]:
        return [self.owner] if self.owner is not None else [self.forward_function, self.backward_function]


def _like(value: Any, leaf: Any) -> Any:
    return np.array(value, dtype=float) if is_array(leaf) else float(value)


def _missing(subject: Any, forward: str | None, backward: str | None) -> str:
    what = type(subject).__name__ if not inspect.isfunction(subject) else f"function {subject.__name__}"
    missing = " and no ".join(
        n for n, found in (("forward", forward), ("backward", backward)) if found is None
    )
    return (
        f"{what} has no {missing}: hand in an object with forward(x) and backward(dy), a pair of functions "
        "(forward, backward), or a model with step(x, target, learning_rate)"
    )


__all__ = ["Forward", "Leaves", "NotASubject", "Subject"]
