"""Steps under a constant gradient: after each step the weights are put back, the optimizer's memory is not.

What an optimizer does with one and the same gradient again and again tells what it is: plain descent takes
the same step each time, momentum longer and longer ones up to a limit, Adam steps of the learning rate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .trainee import Trainee


@dataclass
class Held:
    """steps[t][name]: the step number t + 1 that this weight took. slots: the gradient that backward left."""

    steps: list[dict[str, np.ndarray]] = field(default_factory=list)
    slots: dict[str, np.ndarray] = field(default_factory=dict)
    start: dict[str, np.ndarray] = field(default_factory=dict)

    def lengths(self, name: str) -> np.ndarray:
        return np.array([float(np.linalg.norm(step[name])) for step in self.steps])

    def is_constant(self, name: str, tolerance: float = 1e-4) -> bool:
        """Plain descent's signature: the same step each time."""
        first = self.steps[0][name]
        size = float(np.linalg.norm(first))
        return size > 0 and all(
            float(np.linalg.norm(s[name] - first)) <= tolerance * size for s in self.steps
        )


def held_steps(trainee: Trainee, batch: tuple[Any, Any], count: int, rate: float | None = None) -> Held:
    """`count` steps on one batch from the remembered state, the weights (and random numbers) held."""
    trainee.restore()
    weights = [*trainee.weights, *trainee.unmoved]
    held = Held(start={w.name: w.read() for w in weights})
    for t in range(count):
        trainee.state.restore_random()
        trainee.step(*batch, rate=rate)
        now = {w.name: w.read() for w in weights}
        held.steps.append(
            {
                n: now[n] - held.start[n]
                if now[n].shape == held.start[n].shape
                else np.zeros_like(held.start[n])
                for n in now
            }
        )
        if t == 0:
            slots = {w.name: w.gradient() for w in weights}
            held.slots = {n: g for n, g in slots.items() if g is not None and np.any(g)}
        for weight in weights:
            weight.set(held.start[weight.name])
    trainee.restore()
    return held
