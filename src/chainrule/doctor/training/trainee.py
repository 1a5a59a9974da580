"""One face for everything that can be trained: batches, steps, losses, answers, weights, and the way back.

Whatever is done here leaves traces on the subject; `restore` puts back what was found (or, inside of an
experiment, what was remembered with `remember`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import numpy as np

from ..arrays_inside import Place, places
from ..naming import LEARNING_RATES
from ..quiet import rewind, same_draws
from ..snapshot import Snapshot
from .batches import count, sample_axis, some, take
from .calls import reachable, step_of
from .labels import cross_entropy, read_labels
from .running import LoopRunner, NotTrainable, Runner, StepRunner
from .weights import Weight

Batch = tuple[Any, Any]  # inputs and targets
MOST = 2000  # samples that are trained on here
NO_RATE = 1e-30  # 0 would read as "not given" in `learning_rate or self.learning_rate`


class Trainee:
    """A model with its data and the way in which it is trained."""

    def __init__(
        self,
        subject: Any,
        x: Any,
        target: Any,
        *,
        step: Any = None,
        predict: Any = None,
        optimizer: Any = None,
        loss: Any = None,
        learning_rate: float | None = None,
        params: Any = None,
        batch_size: int | None = None,
    ) -> None:
        self.subject, self.x, self.target = subject, x, target
        self.optimizer, self.given_params = optimizer, params
        self.axis = sample_axis(x, target)
        self.samples = (
            min(count(x, self.axis), count(target, self.axis)) if target is not None else count(x, self.axis)
        )
        self.size = max(1, min(batch_size or min(self.samples, 32), self.samples or 1))
        self.whole_x = x
        if self.samples > MOST:
            # copies, so that foreign code that works in place finds other arrays than the caller's
            self.x, self.target = self.part(some(target, self.samples, max(MOST, self.size)))
            x, target, self.samples = self.x, self.target, max(MOST, self.size)
        self.runner = self._runner(step, predict, optimizer, loss)
        self.roots = self._roots(step, predict)
        self.draw = 0
        self.first = Snapshot([*self.roots.values(), step, predict, loss, x, target])
        self.state = self.first
        self.rate, self.rate_places = self._find_rate(learning_rate)
        self.weights: list[Weight] = []
        self.unmoved: list[Weight] = []
        self.after_update = False  # the step returns the loss after its update
        self.silent = False  # the step returns no loss
        self.elsewhere: list[str] = []  # what moves although no loss depends on it

    def _runner(self, step: Any, predict: Any, optimizer: Any, loss: Any) -> Runner:
        if step is None and not (optimizer is not None and loss is not None):
            step = step_of(self.subject)
        if step is None and callable(self.subject) and optimizer is None and loss is None:
            step = self.subject
        if step is not None:
            return StepRunner(self.subject, step, predict, loss)
        if loss is None:
            raise NotTrainable(
                f"{type(self.subject).__name__} has no step(x, target, learning_rate): "
                "pass step=, or optimizer= and loss=(loss, loss_gradient)"
            )
        return LoopRunner(self.subject, optimizer, loss, predict, self.x)

    def _roots(self, step: Any, predict: Any) -> dict[str, Any]:
        roots: dict[str, Any] = {"": self.subject}
        for source in (step, predict, self.subject):
            for name, value in reachable(source).items():
                if all(value is not root for root in roots.values()):
                    roots[name] = value
        if self.optimizer is not None:
            roots.setdefault("optimizer", self.optimizer)
        return roots

    def _find_rate(self, learning_rate: float | None) -> tuple[float | None, list[Place]]:
        """The rate, and where it is kept: in one place, or in the same of several optimizers."""
        if self.runner.rate_is_argument:
            usual = getattr(self.runner, "usual_rate", None)
            return next(r for r in (learning_rate, usual, 0.01) if r is not None), []
        found = [
            place
            for root in self.roots.values()
            if not isinstance(root, np.ndarray)
            for place in places(root)
            if LEARNING_RATES.match(place.name) and np.ndim(place.get()) == 0
        ]
        if not found:
            return learning_rate, []
        rate = found[0].get()
        return float(rate), [p for p in found if p.name == found[0].name and p.get() == rate]

    # ------------------------------------------------------------ states

    def restore(self) -> None:
        self.state.restore()
        rewind()

    def remember(self) -> Snapshot:
        """The present state, as one to which `restore_to` may go."""
        return Snapshot([*self.roots.values()])

    def restore_to(self, state: Snapshot) -> None:
        """From now on `restore` goes back to this state."""
        self.state = state
        self.restore()

    def close(self) -> None:
        self.state = self.first
        self.restore()

    # ------------------------------------------------------------ running

    @property
    def can_change_rate(self) -> bool:
        return self.runner.rate_is_argument or bool(self.rate_places)

    def batch(self, index: int) -> tuple[Any, Any]:
        """Batch number `index`, cut in order; after the last one the first again."""
        whole = max(1, self.samples // self.size)
        start = (index % whole) * self.size
        return self.part(np.arange(start, min(start + self.size, self.samples)))

    def part(self, index: np.ndarray) -> tuple[Any, Any]:
        return take(self.x, index, self.axis), take(self.target, index, self.axis)

    def step(self, x: Any, target: Any, rate: float | None = None) -> float:
        """One training step from the present state; returns its loss, NaN if there is none."""
        rate = self.rate if rate is None else rate
        with same_draws(self.draw):
            if rate is not None:
                self._set_rate(rate)
            loss = self.runner.step(x, target, rate)
        self.silent = loss is None
        if loss is None and isinstance(self.runner, StepRunner):
            with same_draws(self.draw):
                loss = self.runner.judged(x, target)  # after the step
        return math.nan if loss is None else loss

    def loss(self, x: Any, target: Any) -> float:
        """The loss at the present weights. Leaves traces: the caller restores."""
        quiet = NO_RATE if self.can_change_rate else None
        with same_draws(self.draw):
            kept = self.rate_places[0].get() if self.rate_places else None
            self._set_rate(NO_RATE)
            loss = self.runner.loss(x, target, quiet)
            self._set_rate(kept)
        return self._own_loss(x, target) if loss is None else loss

    def _set_rate(self, rate: Any) -> None:
        for place in self.rate_places:
            place.rebind(rate)

    def _own_loss(self, x: Any, target: Any) -> float:
        """For a step that returns no loss: cross-entropy for classes, the mean square otherwise."""
        output = self.predict(x)
        if output is None:
            return math.nan
        labels = read_labels(target, output)
        value = cross_entropy(output, labels) if labels else None
        if value is None and output.size == np.size(target):
            value = float(np.mean((output.reshape(-1) - np.reshape(target, -1)) ** 2))
        return math.nan if value is None else value

    def loss_at(self, values: dict[str, np.ndarray], batch: tuple[Any, Any]) -> float:
        """The loss with some weights replaced, from the remembered state."""
        self.restore()
        for weight in (*self.weights, *self.unmoved):
            if weight.name in values:
                weight.set(values[weight.name])
        return self.loss(*batch)

    def predict(self, x: Any) -> np.ndarray | None:
        """The answers as an array, at the present weights; None where there is no way to ask."""
        with same_draws(self.draw):
            result = self.runner.predict(x)
        if result is None:
            return None
        try:
            array = np.asarray(result, dtype=float)
        except (TypeError, ValueError):
            return None
        return array if array.ndim else None

    def try_(self, action: Callable[..., Any], *arguments: Any) -> Any:
        """The result, or the exception: foreign code may fail on what an experiment tries."""
        try:
            return action(*arguments)
        except Exception as error:
            return error

    @cached_property
    def odd_size(self) -> int:
        """A number of samples that no weight has as a size, so that the axis of the samples can be told."""
        taken: set[int] = {n for w in (*self.weights, *self.unmoved) for n in np.shape(w.get())}
        sizes: Iterable[int] = range(min(self.samples, 61), 0, -1)
        return next((n for n in sizes if n not in taken), self.samples)
