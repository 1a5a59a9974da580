"""A model of which only `step(x, target, learning_rate)` is known: its update, divided by the learning rate,
is the gradient under test, and the loss that it returns is what is differentiated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .calling import BackwardCall, positional
from .effort import Meter
from .errors import NotASubject
from .naming import LEARNING_RATES
from .objects import backward_of, find_method, forward_of
from .structure import leaves
from .subject import Forward, Subject

STEP_NAMES = (
    "step",
    "train_step",
    "training_step",
    "train_on_batch",
    "fit_batch",
    "train_batch",
    "update_step",
    "learn",
)


def step_of(subject: Any) -> str | None:
    """The name of a model's step method, None where it has none."""
    return next((name for name in STEP_NAMES if find_method(subject, name) is not None), None)


def only_steps(subject: Any) -> bool:
    """Whether a step is all there is: no forward with a backward of its own."""
    return step_of(subject) is not None and (forward_of(subject) is None or backward_of(subject) is None)


class StepModel(Subject):
    """forward: one step with a learning rate of 0, which returns the loss; backward: one with a rate."""

    def __init__(self, subject: Any, inputs: Sequence[Any], target: Any) -> None:
        self.owner = subject
        self.loss, self.target = None, target
        self.name, self.is_pair = type(subject).__name__, False
        self.forward_function = self.backward_function = getattr(subject, str(step_of(subject)))
        self.kwargs: dict[str, Any] = {}
        self.inputs = (*inputs, target) if target is not None else tuple(inputs)
        found = [p.name for p in positional(self.forward_function)]
        self.rate_name = next((n for n in found if LEARNING_RATES.match(n)), None)
        self.input_names = [n for n in found if n != self.rate_name][: len(self.inputs)]
        self.returns_cache = False
        self.call = BackwardCall([("rate", self.rate_name)] if self.rate_name else [])
        self.parameters = []
        self.overlooked = {}
        self.last_upstream = None
        self.return_names = None
        self.rate_places = []
        self.forward_meter, self.backward_meter = Meter(), Meter()

    def learn_conventions(self, forward: Forward) -> None:
        """A step has none: it takes a batch and returns a loss."""

    def _step(self, inputs: Sequence[Any], rate: float) -> Any:
        keywords = {self.rate_name: rate} if self.rate_name else {}
        return self.forward_meter(self.forward_function, *inputs, **keywords)

    def forward(self, inputs: Sequence[Any]) -> Forward:
        raw = self._step(inputs, 0.0)
        value = next((v for _, v in leaves(raw)), None)
        if value is None:
            raise NotASubject("step returned no loss: return the loss of the batch as a float")
        return Forward(raw, raw, None, {"loss": float(np.asarray(value).ravel()[0])})

    def backward(self, forward: Forward, upstream: dict[str, Any], inputs: Sequence[Any], rate: float) -> Any:
        if self.rate_name:
            self._step(inputs, rate)

    def input_gradients(self, returned: Any, inputs: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
        return {}, []

    def differentiable(self, index: int, value: Any) -> bool:
        return False

    def discover(self, before: dict[str, np.ndarray], moved: set[str], given: Any = None) -> None:
        """Parameters are what a step moves; what counts is the step, not
        the gradient that it may also store.
        """
        super().discover(before, moved, given)
        for parameter in self.parameters:
            if parameter.name in moved:
                parameter.gradient = None

    @property
    def is_loss(self) -> bool:
        return True
