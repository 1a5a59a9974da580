"""Foreign code as one function of arrays with a backward: what torch, jax and a plain check can be given.

The doctor's own adapter finds inputs, parameters and gradients, so that the others need not know conventions:
more than they would get from anybody who wraps such code by hand. The point is the user's, unchanged.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.doctor.factories import build, is_factory
from chainrule.doctor.probe import Probe
from chainrule.doctor.subject import Subject


class CannotBeWrapped(Exception):
    """It is no function of arrays with a backward, or could not be run as one."""


class Wrapped:
    """values -> outputs in a row; backward(values, upstream) -> a gradient per value, None where none is."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        given = dict(arguments)
        if given.get("training_check"):
            raise CannotBeWrapped("a training, not a function")
        subject, inputs = given["subject"], tuple(given.get("inputs", ()))
        kwargs = given.get("forward_kwargs") or {}
        options = {name: given.get(name) for name in ("training", "loss", "target")}
        try:
            if is_factory(subject):
                subject, inputs, _ = next(iter(build(subject, inputs)))
            if options["target"] is not None and options["loss"] is None:
                inputs, options["target"] = (*inputs, options["target"]), None
            self.probe = Probe(
                Subject(subject, inputs, kwargs, **options), given=given.get("params"), own_point=False
            )
            self.names = list(self.probe.names)
            self.values = [self.probe.value(name) for name in self.names]
            self.outputs = self.probe.outputs()
        except Exception as error:  # foreign code: anything
            raise CannotBeWrapped(f"{type(error).__name__}: {error}") from error
        if not self.names:
            raise CannotBeWrapped("nothing in it can be differentiated")
        self.size = sum(value.size for value in self.outputs.values())

    def forward(self, values: list[np.ndarray]) -> np.ndarray:
        outputs = self.probe.outputs(dict(zip(self.names, values, strict=True)))
        return np.concatenate([np.ravel(value) for value in outputs.values()])

    def backward(self, values: list[np.ndarray], upstream: np.ndarray) -> list[Any]:
        """Raises what the code raises."""
        scale, given, start = 1.0, {}, 0
        for name, value in self.outputs.items():
            given[name] = upstream[start : start + value.size].reshape(value.shape)
            start += value.size
        if self.probe.subject.is_loss:  # takes no upstream: multiplied behind it
            scale, given = float(upstream.sum()), {name: np.ones_like(v) for name, v in self.outputs.items()}
        gradients = self.probe.run(given, dict(zip(self.names, values, strict=True))).gradients
        found = [gradients.get(name) for name in self.names]
        return [None if g is None else scale * np.asarray(g, dtype=float) for g in found]

    def close(self) -> None:
        self.probe.close()
