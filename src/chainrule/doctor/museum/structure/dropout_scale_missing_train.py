"""An inverted dropout that rescales in forward and only masks in backward.

Symptom: gradients below are too small by the keep probability.
Repair: scale in both passes.
"""
import numpy as np

CODES = ("dropout-scale-missing",)
PLACES = ("drop", "dropout", "x", "")


class Dropout:
    def __init__(self, rate: float, seed: int = 0):
        self.rate = rate
        self.rng = np.random.default_rng(seed)
        self.mask = None

    def forward(self, x: np.ndarray, training: bool = True) -> np.ndarray:
        if not training:
            self.mask = None
            return x
        self.mask = self.rng.random(x.shape) >= self.rate
        return np.where(self.mask, x / (1.0 - self.rate), 0.0)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        if self.mask is None:
            return grad
        return np.where(self.mask, grad, 0.0)  # FAULT


class DropoutRepaired:
    def __init__(self, rate: float, seed: int = 0):
        self.rate = rate
        self.rng = np.random.default_rng(seed)
        self.mask = None

    def forward(self, x: np.ndarray, training: bool = True) -> np.ndarray:
        if not training:
            self.mask = None
            return x
        self.mask = self.rng.random(x.shape) >= self.rate
        return np.where(self.mask, x / (1.0 - self.rate), 0.0)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        if self.mask is None:
            return grad
        return np.where(self.mask, grad / (1.0 - self.rate), 0.0)


def faulty():
    rng = np.random.default_rng(49)
    return {"subject": Dropout(0.4), "inputs": (rng.normal(size=(6, 5)),)}


def correct():
    rng = np.random.default_rng(49)
    return {"subject": DropoutRepaired(0.4), "inputs": (rng.normal(size=(6, 5)),)}
