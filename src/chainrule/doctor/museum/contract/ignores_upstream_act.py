"""A sigmoid layer inside a small functional style that returns its own slope only.

Symptom: the gradient does not depend on the loss.
Repair: multiply by what arrives.
"""
import numpy as np

CODES = ("ignores-upstream",)
PLACES = ("sigmoid", "x", "")


class Sigmoid:
    """Stateless activation with a stack of saved outputs."""

    def __init__(self):
        self.stack = []

    def forward(self, x):
        out = 0.5 * (1.0 + np.tanh(0.5 * x))
        self.stack.append(out)
        return out

    def backward(self, grad_output):
        out = self.stack.pop()
        local = np.subtract(out, np.square(out))
        return local  # FAULT


class SigmoidRepaired:
    """Stateless activation with a stack of saved outputs."""

    def __init__(self):
        self.stack = []

    def forward(self, x):
        out = 0.5 * (1.0 + np.tanh(0.5 * x))
        self.stack.append(out)
        return out

    def backward(self, grad_output):
        out = self.stack.pop()
        local = np.subtract(out, np.square(out))
        return local * grad_output


def faulty():
    rng = np.random.default_rng(8)
    return {"subject": Sigmoid(), "inputs": (rng.normal(size=(3, 5)),)}


def correct():
    rng = np.random.default_rng(8)
    return {"subject": SigmoidRepaired(), "inputs": (rng.normal(size=(3, 5)),)}
