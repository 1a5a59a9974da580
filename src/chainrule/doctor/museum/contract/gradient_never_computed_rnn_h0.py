"""Elman network with a learned initial state.

Symptom: h0 never moves from its initial value.
Repair: what is left of the hidden gradient after the first step belongs to h0.
"""
import numpy as np
CODES = ("gradient-never-computed",)
PLACES = ("h0", "dh0", "")


class RNN:
    def __init__(self, input_size=3, hidden_size=5):
        u = lambda *s: np.random.uniform(-0.6, 0.6, s)
        self.params = {"Wxh": u(input_size, hidden_size), "Whh": u(hidden_size, hidden_size),
                       "bh": u(hidden_size), "h0": u(hidden_size)}

    def forward(self, x):                     # x: (batch, time, input)
        p, (N, T, _) = self.params, x.shape
        hs = [np.tile(p["h0"], (N, 1))]
        for t in range(T):
            hs.append(np.tanh(x[:, t] @ p["Wxh"] + hs[-1] @ p["Whh"] + p["bh"]))
        self.x, self.hs = x, hs
        return np.stack(hs[1:], axis=1)

    def backward(self, dout):
        p = self.params
        self.grads = {k: np.zeros_like(v) for k, v in p.items()}
        dx, dh = np.zeros_like(self.x), 0
        for t in reversed(range(self.x.shape[1])):
            dz = (dout[:, t] + dh) * (1 - self.hs[t + 1] ** 2)
            self.grads["Wxh"] += self.x[:, t].T @ dz
            self.grads["Whh"] += self.hs[t].T @ dz
            self.grads["bh"] += dz.sum(axis=0)
            dx[:, t] = dz @ p["Wxh"].T
            dh = dz @ p["Whh"].T
        dh0 = dh.sum(axis=0)  # FAULT
        return dx


class RNNRepaired:
    def __init__(self, input_size=3, hidden_size=5):
        u = lambda *s: np.random.uniform(-0.6, 0.6, s)
        self.params = {"Wxh": u(input_size, hidden_size), "Whh": u(hidden_size, hidden_size),
                       "bh": u(hidden_size), "h0": u(hidden_size)}

    def forward(self, x):                     # x: (batch, time, input)
        p, (N, T, _) = self.params, x.shape
        hs = [np.tile(p["h0"], (N, 1))]
        for t in range(T):
            hs.append(np.tanh(x[:, t] @ p["Wxh"] + hs[-1] @ p["Whh"] + p["bh"]))
        self.x, self.hs = x, hs
        return np.stack(hs[1:], axis=1)

    def backward(self, dout):
        p = self.params
        self.grads = {k: np.zeros_like(v) for k, v in p.items()}
        dx, dh = np.zeros_like(self.x), 0
        for t in reversed(range(self.x.shape[1])):
            dz = (dout[:, t] + dh) * (1 - self.hs[t + 1] ** 2)
            self.grads["Wxh"] += self.x[:, t].T @ dz
            self.grads["Whh"] += self.hs[t].T @ dz
            self.grads["bh"] += dz.sum(axis=0)
            dx[:, t] = dz @ p["Wxh"].T
            dh = dz @ p["Whh"].T
        self.grads["h0"] += dh.sum(axis=0)
        return dx


def faulty():
    np.random.seed(44)
    return {"subject": RNN(), "inputs": (np.random.randn(2, 4, 3),)}


def correct():
    np.random.seed(44)
    return {"subject": RNNRepaired(), "inputs": (np.random.randn(2, 4, 3),)}
