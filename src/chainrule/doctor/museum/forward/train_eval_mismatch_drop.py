"""A dropout layer that ignores the evaluation switch of its model.

Symptom: predictions differ from call to call.
Repair: pass inputs through unchanged in evaluation.
"""
import numpy as np

CODES = ("train-eval-mismatch",)
PLACES = ("drop", "", "dropout")


class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, True

    def forward(self, x):
        if self.training or self.p > 0:  # FAULT
            self.m = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        else:
            self.m = np.ones_like(x)
        return x * self.m

    def backward(self, d):
        return d * self.m


class Model:
    def __init__(self, rng):
        self.A = rng.normal(size=(4, 6))
        self.drop = Dropout(0.5, rng)
        self.training = True

    def eval(self):
        self.training = self.drop.training = False

    def train(self):
        self.training = self.drop.training = True

    def forward(self, x):
        self.x = x
        return self.drop.forward(x @ self.A)

    def backward(self, d):
        dz = self.drop.backward(d)
        self.dA = self.x.T @ dz
        return dz @ self.A.T


class DropoutRepaired:
    def __init__(self, p, rng):
        self.p, self.rng, self.training = p, rng, True

    def forward(self, x):
        if self.training and self.p > 0:
            self.m = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        else:
            self.m = np.ones_like(x)
        return x * self.m

    def backward(self, d):
        return d * self.m


class ModelRepaired:
    def __init__(self, rng):
        self.A = rng.normal(size=(4, 6))
        self.drop = DropoutRepaired(0.5, rng)
        self.training = True

    def eval(self):
        self.training = self.drop.training = False

    def train(self):
        self.training = self.drop.training = True

    def forward(self, x):
        self.x = x
        return self.drop.forward(x @ self.A)

    def backward(self, d):
        dz = self.drop.backward(d)
        self.dA = self.x.T @ dz
        return dz @ self.A.T


def faulty():
    rng = np.random.default_rng(82)
    model = Model(rng)
    return {"subject": model, "inputs": (rng.normal(size=(5, 4)),), "training": False}


def correct():
    rng = np.random.default_rng(82)
    model = ModelRepaired(rng)
    return {"subject": model, "inputs": (rng.normal(size=(5, 4)),), "training": False}
