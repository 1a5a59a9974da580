"""Bottleneck adapter with a skip connection (down, relu, up, add).

Symptom: alone it passes a gradient check; behind a fork the other branch gets a gradient that is too large.
Repair: start from a copy of the upstream gradient.
"""
import numpy as np
CODES = ("mutates-upstream",)
PLACES = ("", "dout", "dy", "x", "dx")


class Adapter:
    def __init__(self, d_model=6, r=4):
        gen = np.random.default_rng(21)
        self.params = {"down": gen.normal(size=(d_model, r)) * 0.5, "up": gen.normal(size=(r, d_model)) * 0.5}
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.pre = x @ self.params["down"]
        self.act = np.maximum(self.pre, 0)
        return x + self.act @ self.params["up"]

    def backward(self, dout):
        dx = dout  # FAULT
        dact = dout @ self.params["up"].T
        self.grads["up"] = self.act.T @ dout
        dpre = dact * (self.pre > 0)
        self.grads["down"] = self.x.T @ dpre
        dx += dpre @ self.params["down"].T
        return dx


class AdapterRepaired:
    def __init__(self, d_model=6, r=4):
        gen = np.random.default_rng(21)
        self.params = {"down": gen.normal(size=(d_model, r)) * 0.5, "up": gen.normal(size=(r, d_model)) * 0.5}
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.pre = x @ self.params["down"]
        self.act = np.maximum(self.pre, 0)
        return x + self.act @ self.params["up"]

    def backward(self, dout):
        dx = dout.copy()
        dact = dout @ self.params["up"].T
        self.grads["up"] = self.act.T @ dout
        dpre = dact * (self.pre > 0)
        self.grads["down"] = self.x.T @ dpre
        dx += dpre @ self.params["down"].T
        return dx


def faulty():
    return {"subject": Adapter(), "inputs": (np.random.default_rng(22).normal(size=(5, 6)),)}


def correct():
    return {"subject": AdapterRepaired(), "inputs": (np.random.default_rng(22).normal(size=(5, 6)),)}
