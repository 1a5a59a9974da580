"""A feed-forward block that calls its dropout function again in backward.

Symptom: gradients are right on average at best.
Repair: use the mask of forward.
"""
import numpy as np

CODES = ("mask-redrawn",)
PLACES = ("drop", "W2", "W1", "x", "", "ffn")


class FFN:
    P = 0.3

    def __init__(self, d, h, rng):
        self.rng = rng
        self.params = {"W1": rng.normal(size=(d, h)), "W2": rng.normal(size=(h, d))}
        self.grads = {}

    def dropout(self, a):
        self.mask = self.rng.random(a.shape) > self.P
        return a * self.mask / (1 - self.P)

    def forward(self, x):
        self.x = x
        self.a = np.tanh(x @ self.params["W1"])
        self.u = self.dropout(self.a)
        return self.u @ self.params["W2"]

    def backward(self, dy):
        self.grads["W2"] = self.u.T @ dy
        du = dy @ self.params["W2"].T
        da = self.dropout(du)  # FAULT
        dz = da * (1 - self.a ** 2)
        self.grads["W1"] = self.x.T @ dz
        return dz @ self.params["W1"].T


class FFNRepaired:
    P = 0.3

    def __init__(self, d, h, rng):
        self.rng = rng
        self.params = {"W1": rng.normal(size=(d, h)), "W2": rng.normal(size=(h, d))}
        self.grads = {}

    def dropout(self, a):
        self.mask = self.rng.random(a.shape) > self.P
        return a * self.mask / (1 - self.P)

    def forward(self, x):
        self.x = x
        self.a = np.tanh(x @ self.params["W1"])
        self.u = self.dropout(self.a)
        return self.u @ self.params["W2"]

    def backward(self, dy):
        self.grads["W2"] = self.u.T @ dy
        du = dy @ self.params["W2"].T
        da = du * self.mask / (1 - self.P)
        dz = da * (1 - self.a ** 2)
        self.grads["W1"] = self.x.T @ dz
        return dz @ self.params["W1"].T


def faulty():
    rng = np.random.default_rng(113)
    return {"subject": FFN(4, 7, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(113)
    return {"subject": FFNRepaired(4, 7, rng), "inputs": (rng.normal(size=(5, 4)),)}
