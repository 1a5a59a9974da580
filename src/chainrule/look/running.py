"""One training step of anybody's model: forward, loss, backward, and the optimizer if there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.doctor.calling import TRAINING, parameters_of, positional, read_backward, required
from chainrule.doctor.left import output_of, prediction_of
from chainrule.doctor.naming import LEARNING_RATES, TARGETS
from chainrule.doctor.objects import backward_of, find_method, forward_of
from chainrule.doctor.structure import mapped

from .losses import LossResult, check_loss, loss_and_gradient
from .statistics import arrays_in

_STEPS = ("step", "train_step", "training_step", "train_on_batch", "train_batch", "fit_batch", "update_batch")
_PREDICTIONS = ("output", "outputs", "out", "y_pred", "y_hat", "yhat", "pred", "prediction", "predictions")
_ALL_OF_THEM = ("grads", "gradients", "grad_outputs", "douts", "dys", "upstreams", "deltas")
DEFAULT_RATE = 0.01


class Pair:
    """Two functions (forward, backward) as an object, so that they can be recorded."""

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        self.forward, self.backward = forward, backward


@dataclass
class Step:
    """What is handed in, and what comes out of it on the way."""

    subject: Any
    inputs: Sequence[Any]
    target: Any = None
    loss: Any = None
    learning_rate: float | None = None
    optimizer: Any = None
    forward_kwargs: dict[str, Any] = field(default_factory=dict)
    before_loss: Callable[[], None] = lambda: None
    before_backward: Callable[[], None] = lambda: None
    loss_result: LossResult | None = None
    upstream: Any = None
    notes: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Raises TypeError if there is nothing that could be run."""
        if self.loss is not None:
            check_loss(self.loss)
        directions = forward_of(self.subject), backward_of(self.subject)
        if None in directions and self._step_name() is None:
            missing = " and no ".join(
                what for what, found in zip(("forward", "backward"), directions, strict=True) if found is None
            )
            raise TypeError(
                f"{type(self.subject).__name__} has no {missing}: pass an object with forward(x) and "
                "backward(dy), a pair of functions (forward, backward), or a model with step(x, target, "
                "learning_rate)"
            )
        if None in directions and self.target is None:
            raise TypeError(f"{type(self.subject).__name__}.{self._step_name()} needs a target: pass target=")

    def run(self) -> None:
        """Raises whatever the model raises."""
        if None in (forward_of(self.subject), backward_of(self.subject)):
            self._own_step(getattr(self.subject, str(self._step_name())))
        else:
            self._forward_and_backward()

    def _step_name(self) -> str | None:
        return next((name for name in _STEPS if find_method(self.subject, name) is not None), None)

    # ------------------------------------------------------------ a model that takes its step by itself

    def _own_step(self, step: Callable[..., Any]) -> None:
        arguments: dict[str, Any] = {}
        inputs = list(self.inputs)
        target_is_given = any(TARGETS.match(parameter.name) for parameter in positional(step))
        for parameter in positional(step):
            name, optional = parameter.name, parameter.default is not parameter.empty
            if LEARNING_RATES.match(name):
                if self.learning_rate is not None or not optional:
                    arguments[name] = self._rate()
            elif TARGETS.match(name) or (not inputs and not target_is_given and not optional):
                arguments[name], target_is_given = self.target, True
            elif inputs:
                arguments[name] = inputs.pop(0)
        self.before_backward()
        value = next(arrays_in(step(**arguments)), None)
        if value is not None and value.size == 1:
            self.loss_result = LossResult(float(value.ravel()[0]), None)

    # ------------------------------------------------------------ forward, loss, backward

    def _forward_and_backward(self) -> None:
        subject = self.subject
        if find_method(subject, "zero_grad") is not None and not positional(subject.zero_grad):
            subject.zero_grad()
        forward, backward = (getattr(subject, str(find(subject))) for find in (forward_of, backward_of))
        result, target_is_used = self._call_forward(forward)
        y, cache = split_cache(result, forward, backward, isinstance(subject, Pair))
        self.before_loss()
        # after ((prediction, state), cache), dy mirrors (prediction, state): the loss sees only the first
        others = len(y) - 1 if cache is not None and _is_nested(result) else 0
        self._find_upstream(y, target_is_used, others)
        self.before_backward()
        self._call_backward(forward, backward, y, cache)
        if self.optimizer is not None:
            step = getattr(self.optimizer, "step", None) or self.optimizer
            step()

    def _call_forward(self, forward: Callable[..., Any]) -> tuple[Any, bool]:
        """What it returns, and whether it took the target, as a forward that ends with the loss does."""
        options: dict[str, Any] = {}
        waiting = [parameter.name for parameter in required(forward)][len(self.inputs) :]
        for parameter in parameters_of(forward):
            if parameter.name in TRAINING and (
                parameter.name in waiting or isinstance(parameter.default, bool)
            ):
                options[parameter.name] = "train" if parameter.name == "mode" else True
        waiting = [name for name in waiting if name not in (*options, *self.forward_kwargs)]
        targets = [name for name in waiting if TARGETS.match(name)] or (waiting if len(waiting) == 1 else [])
        if targets and self.target is not None and self.loss is None:
            options[targets[0]] = self.target
        options |= self.forward_kwargs
        result = forward(*self.inputs, **options)
        if result is None:  # it is left on the layer
            result = output_of(self.subject, self.inputs)
        return result, bool(targets) and targets[0] in options

    def _find_upstream(self, y: Any, target_is_used: bool, others: int) -> None:
        first = next(arrays_in(y), None)
        if self.loss is not None:
            if first is None:
                raise TypeError(f"forward returned no array that the loss could take: {type(y).__name__}")
            self.loss_result = loss_and_gradient(self.loss, first, self.target)
            if self.loss_result.note:
                self.notes.append(self.loss_result.note)
            if self.loss_result.gradient is not None:
                gradient = self.loss_result.gradient
                self.upstream = (gradient, *[None] * others) if others else gradient
                return
            self.notes.append("the loss gives no gradient: backward began with random numbers")
        elif target_is_used and first is not None and first.size == 1:
            self.loss_result = LossResult(float(first.ravel()[0]), None)
            self.upstream = np.ones(first.shape, first.dtype)
            return
        else:
            self.notes.append("no loss was given: backward began with random numbers of the output's shape")
        self.upstream = _random_like(y)

    def _call_backward(
        self, forward: Callable[..., Any], backward: Callable[..., Any], y: Any, cache: Any
    ) -> None:
        names = [parameter.name for parameter in positional(forward)]
        pair = isinstance(self.subject, Pair)
        roles = read_backward(backward, names, pair, cache is not None).roles
        wanted = sum(role == "upstream" for role, _ in roles)
        upstreams = list(self.upstream) if isinstance(self.upstream, tuple | list) else [self.upstream]
        if len(upstreams) > 1 and wanted == 1:
            # ours mirrors the structure of y, and so does a backward(grads); others take the first part
            name = next(name for role, name in roles if role == "upstream")
            upstreams = [self.upstream] if cache is not None or name in _ALL_OF_THEM else upstreams[:1]
        in_order = [parameter.name for parameter in positional(backward)]
        arguments: list[Any] = []
        named: dict[str, Any] = {}
        for role, name in roles:
            value: Any
            if role == "rate":
                value = self._rate()
            elif role == "cache":
                value = cache
            elif role == "prediction":
                value = prediction_of(self.subject, self.inputs)
            elif role == "input" and name in names[: len(self.inputs)]:
                value = self.inputs[names.index(name)]
            elif self.target is not None and TARGETS.match(name):
                value = self.target
            elif name in _PREDICTIONS and wanted > 1:
                value = y
            else:
                value = upstreams.pop(0) if upstreams else None
            if name == "*" or (not named and in_order[len(arguments) : len(arguments) + 1] == [name]):
                arguments.append(value)
            else:
                named[name] = value
        backward(*arguments, **named)

    def _rate(self) -> float:
        if self.learning_rate is None:
            self.learning_rate = DEFAULT_RATE
            self.notes.append(f"no learning rate was given: the model got {DEFAULT_RATE}")
        return self.learning_rate


def _is_nested(result: Any) -> bool:
    """Is this ((prediction, ...), cache)?"""
    pair = isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], tuple)
    return pair and isinstance(next(iter(result[0]), None), np.ndarray)


def split_cache(
    raw: Any, forward: Callable[..., Any], backward: Callable[..., Any], pair: bool = False
) -> tuple[Any, Any]:
    """(y, cache) of what a forward returned: its last result is a cache if backward takes one."""
    if not isinstance(raw, tuple) or len(raw) < 2:
        return raw, None
    names = [parameter.name for parameter in positional(forward)]
    if not read_backward(backward, names, pair, True).wants_cache:
        return raw, None
    return (raw[0] if len(raw) == 2 else raw[:-1]), raw[-1]


def _random_like(y: Any) -> Any:
    """The same structure with normal numbers, the same every time."""
    rng = np.random.default_rng(0)

    def numbers(_: str, leaf: Any) -> Any:
        leaf = np.asarray(leaf)
        return np.asarray(rng.standard_normal(leaf.shape), leaf.dtype)

    return mapped(y, numbers)
