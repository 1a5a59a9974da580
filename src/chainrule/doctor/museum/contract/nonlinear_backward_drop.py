"""A recurrent unit that squashes the carried gradient to keep it from exploding.

Symptom: the gradient's direction is off as soon as errors are large.
Repair: carry it unchanged.
"""
import numpy as np

CODES = ("nonlinear-backward",)
PLACES = ("pre", "x", "", "gate", "b", "W")


class Elman:
    def __init__(self, d, h, rng):
        self.theta = {"in": rng.normal(size=(d, h)), "rec": rng.normal(size=(h, h)) * 0.5}
        self.nabla = {}

    def forward(self, x):
        self.x = x
        self.s = np.zeros((x.shape[0] + 1, x.shape[1], len(self.theta["rec"])))
        for t, xt in enumerate(x):
            self.s[t] = np.tanh(xt @ self.theta["in"] + self.s[t - 1] @ self.theta["rec"])
        return self.s[:-1]

    def backward(self, ds):
        self.nabla = {k: np.zeros_like(v) for k, v in self.theta.items()}
        dx = np.zeros_like(self.x)
        carry = np.zeros_like(ds[0])
        for t in range(len(ds))[::-1]:
            da = (ds[t] + carry) * (1 - self.s[t] ** 2)
            self.nabla["in"] += self.x[t].T @ da
            self.nabla["rec"] += self.s[t - 1].T @ da
            dx[t] = da @ self.theta["in"].T
            carry = np.tanh(da @ self.theta["rec"].T)  # FAULT
        return dx


class ElmanRepaired:
    def __init__(self, d, h, rng):
        self.theta = {"in": rng.normal(size=(d, h)), "rec": rng.normal(size=(h, h)) * 0.5}
        self.nabla = {}

    def forward(self, x):
        self.x = x
        self.s = np.zeros((x.shape[0] + 1, x.shape[1], len(self.theta["rec"])))
        for t, xt in enumerate(x):
            self.s[t] = np.tanh(xt @ self.theta["in"] + self.s[t - 1] @ self.theta["rec"])
        return self.s[:-1]

    def backward(self, ds):
        self.nabla = {k: np.zeros_like(v) for k, v in self.theta.items()}
        dx = np.zeros_like(self.x)
        carry = np.zeros_like(ds[0])
        for t in range(len(ds))[::-1]:
            da = (ds[t] + carry) * (1 - self.s[t] ** 2)
            self.nabla["in"] += self.x[t].T @ da
            self.nabla["rec"] += self.s[t - 1].T @ da
            dx[t] = da @ self.theta["in"].T
            carry = da @ self.theta["rec"].T
        return dx


def faulty():
    rng = np.random.default_rng(107)
    return {"subject": Elman(3, 4, rng), "inputs": (rng.normal(size=(5, 2, 3)),)}


def correct():
    rng = np.random.default_rng(107)
    return {"subject": ElmanRepaired(3, 4, rng), "inputs": (rng.normal(size=(5, 2, 3)),)}
