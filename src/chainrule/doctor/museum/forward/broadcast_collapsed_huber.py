"""A mean squared error that subtracts targets (B,) from predictions (B, 1).

Symptom: the model predicts the mean target.
Repair: bring both to one shape.
"""
import numpy as np

CODES = ("broadcast-collapsed",)
PLACES = ("", "pred", "x", "loss")


class SquaredError:
    """Predictions (B, 1), targets (B,)."""

    def forward(self, pred, target):
        self.shape = pred.shape
        self.r = pred - target  # FAULT
        return np.mean(self.r ** 2)

    def backward(self):
        full = 2 * self.r / self.r.size
        return full.sum(axis=1, keepdims=True)  # FAULT


class SquaredErrorRepaired:
    """Predictions (B, 1), targets (B,)."""

    def forward(self, pred, target):
        self.shape = pred.shape
        self.r = pred[:, 0] - target
        return np.mean(self.r ** 2)

    def backward(self):
        full = 2 * self.r / self.r.size
        return full.reshape(self.shape)


def faulty():
    rng = np.random.default_rng(79)
    return {"subject": SquaredError(), "inputs": (rng.normal(size=(6, 1)), rng.normal(size=6))}


def correct():
    rng = np.random.default_rng(79)
    return {"subject": SquaredErrorRepaired(), "inputs": (rng.normal(size=(6, 1)), rng.normal(size=6))}
