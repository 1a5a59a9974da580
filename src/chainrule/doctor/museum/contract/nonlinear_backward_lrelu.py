"""A leaky rectifier that decides by the sign of the incoming gradient.

Symptom: learning is slow, negative gradients shrink everywhere.
Repair: decide by the sign of the input seen in forward.
"""
import numpy as np

CODES = ("nonlinear-backward", "activation-derivative-misplaced")
PLACES = ("act", "x", "")


class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = slope

    def fwd(self, z):
        self.z = z
        return np.maximum(z, self.slope * z)

    def bwd(self, up):
        return np.where(up > 0, up, self.slope * up)  # FAULT


class LeakyReLURepaired:
    def __init__(self, slope=0.1):
        self.slope = slope

    def fwd(self, z):
        self.z = z
        return np.maximum(z, self.slope * z)

    def bwd(self, up):
        return np.where(self.z > 0, up, self.slope * up)


def faulty():
    rng = np.random.default_rng(7)
    return {"subject": LeakyReLU(), "inputs": (rng.normal(size=(3, 4)),)}


def correct():
    rng = np.random.default_rng(7)
    return {"subject": LeakyReLURepaired(), "inputs": (rng.normal(size=(3, 4)),)}
