"""The two ways to train a foreign model: its own step, or forward, loss, backward and an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from ..arrays_inside import places
from ..calling import positional
from ..parameters import Parameter, find_parameters
from ..subject import Subject
from .batches import is_several
from .calls import number, prediction_of, takes_rate
from .own_update import held_optimizer, own_update, rate_of
from .updating import Update
from .weights import declared


class NotTrainable(TypeError):
    """What was handed in cannot be trained, and what is missing."""


class Runner(Protocol):
    """One training step, the loss alone, and the answers, at the weights as they stand."""

    rate_is_argument: bool

    def step(self, x: Any, target: Any, rate: float | None) -> float | None: ...

    def loss(self, x: Any, target: Any, rate: float | None) -> float | None: ...

    def predict(self, x: Any) -> Any: ...


class StepRunner:
    """step(x, target, learning_rate) -> loss."""

    def __init__(self, subject: Any, step: Callable[..., Any], predict: Any, loss: Any) -> None:
        self.do, self.subject = step, subject
        self.answer = predict or prediction_of(subject)
        self.loss_function = loss[0] if isinstance(loss, (tuple, list)) else loss
        self.rate_name = takes_rate(step)
        self.rate_is_argument = self.rate_name is not None
        defaults = [p.default for p in positional(step) if p.name == self.rate_name]
        self.usual_rate = defaults[0] if defaults and isinstance(defaults[0], float) else None

    def step(self, x: Any, target: Any, rate: float | None) -> float | None:
        if self.rate_name is None or rate is None:
            result = self.do(x, target)
        elif self.rate_name and self.rate_name in [p.name for p in positional(self.do)][3:]:
            result = self.do(x, target, **{self.rate_name: rate})
        elif self.rate_name == "":
            result = self.do(x, target, rate)
        else:
            result = self.do(x, target, **{self.rate_name: rate})
        return number(result)

    def loss(self, x: Any, target: Any, rate: float | None) -> float | None:
        """With no loss function at hand, what a step returns; the caller undoes the step."""
        found = self.step(x, target, rate)
        return self.judged(x, target) if found is None else found

    def judged(self, x: Any, target: Any) -> float | None:
        """The loss function of the answers, where both are at hand."""
        if not callable(self.loss_function) or self.answer is None:
            return None
        return number(self.loss_function(self.predict(x), target))

    def predict(self, x: Any) -> Any:
        if self.answer is None:
            return None
        result = self.answer(*x) if is_several(x) else self.answer(x)
        return result[0] if isinstance(result, tuple) and result else result


class LoopRunner:
    """forward, loss, backward, optimizer: chainrule's own protocol, or anybody's."""

    rate_is_argument = False

    def __init__(self, subject: Any, optimizer: Any, loss: Any, predict: Any, x: Any) -> None:
        self.subject, self.criterion = subject, loss
        self.face = Subject(subject, _inputs(x))
        self.read = False
        takes_step = self.face.call.learning_rate is not None
        own = own_update(subject) if optimizer is None and not takes_step else None
        optimizer = held_optimizer(subject) if optimizer is None and own is None else optimizer
        self.update: Update | None = None
        if own is not None or optimizer is not None:
            self.update = Update(optimizer, subject, own)
        self.optimizer, self.answer = optimizer, predict
        self.parameters: list[Parameter] | None = None
        by_own_update = own is not None and rate_of(own) is not None
        self.rate_is_argument = by_own_update or (takes_step and optimizer is None)

    def _forward(self, x: Any) -> Any:
        result = self.face.forward(_inputs(x))
        if not self.read:
            self.face.learn_conventions(result)
            self.read = True
            result = self.face.forward(_inputs(x))
        return result

    def _judge(self, output: Any, target: Any, gradient: bool) -> tuple[float | None, Any]:
        """The mean loss and, if asked for, its gradient with respect to the output."""
        if isinstance(self.criterion, (tuple, list)):
            loss, derivative = self.criterion
            value = loss(output, target)
            return number(value), derivative(output, target) if gradient else None
        if hasattr(self.criterion, "forward") and hasattr(self.criterion, "backward"):
            return self._object(output, target, gradient)
        value = self.criterion(output, target)
        if isinstance(value, tuple) and len(value) == 2 and np.ndim(value[1]):
            return number(value[0]), value[1]
        if gradient:
            raise NotTrainable("loss=(loss, loss_gradient): the gradient of the loss is needed to train")
        return number(value), None

    def _object(self, output: Any, target: Any, gradient: bool) -> tuple[float | None, Any]:
        value = self.criterion.forward(output, target)
        backward = self.criterion.backward
        if isinstance(value, tuple) and len(value) == 3:  # the sum, the count, the cache
            total, total_count, cache = value
            upstream = np.asarray(1 / total_count, dtype=np.asarray(output).dtype)
            return float(total / total_count), backward(upstream, cache)[0] if gradient else None
        if not gradient:
            return number(value), None
        wanted = len([p for p in positional(backward) if p.default is p.empty])
        result = backward() if not wanted else backward(output, target) if wanted == 2 else backward(1.0)
        return number(value), result[0] if isinstance(result, tuple) else result

    def step(self, x: Any, target: Any, rate: float | None) -> float | None:
        own = declared(self.subject) is not None
        before = None
        if self.parameters is None and not own:
            before = {p.path: np.copy(p.get()) for p in places(self.subject)}
        forward = self._forward(x)
        loss, gradient = self._judge(forward.outputs, target, True)
        for holder in (self.subject, self.optimizer):
            clear = getattr(holder, "zero_grad", None)
            if callable(clear):
                clear()
                break
        upstream = dict.fromkeys(list(forward.leaves)[:1], gradient)
        self.face.backward(forward, upstream, _inputs(x), rate if rate is not None else 0.0)
        if self.update is not None:
            if before is not None:
                self.parameters = find_parameters(self.subject, before, set())
            self.update(self.parameters or [], rate)
        statistics = getattr(self.subject, "update_running_statistics", None)
        if callable(statistics):
            statistics()
        return loss

    def loss(self, x: Any, target: Any, rate: float | None) -> float | None:
        return self._judge(self._forward(x).outputs, target, False)[0]

    def predict(self, x: Any) -> Any:
        return self.answer(x) if self.answer is not None else self._forward(x).outputs


def _inputs(batch: Any) -> tuple[Any, ...]:
    return tuple(batch) if is_several(batch) else (batch,)
