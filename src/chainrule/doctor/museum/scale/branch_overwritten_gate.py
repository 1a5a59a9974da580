"""A highway-like model in which two heads read one trunk and the second head's gradient replaces the first's.

Symptom: the trunk learns for one head only.
Repair: add both.
"""
import numpy as np

CODES = ("branch-overwritten",)
PLACES = ("x", "h", "trunk", "Wt", "W0", "")


class TwoHeads:
    def __init__(self, rng):
        self.P = {n: rng.normal(size=s) * 0.5 for n, s in
                  {"trunk": (4, 6), "mean": (6, 3), "gate": (6, 3)}.items()}
        self.G = {}

    def forward(self, x):
        h = np.tanh(x @ self.P["trunk"])
        m = h @ self.P["mean"]
        s = 1 / (1 + np.exp(-h @ self.P["gate"]))
        self.tape = (x, h, m, s)
        return m * s

    def backward(self, dy):
        x, h, m, s = self.tape
        dm = dy * s
        self.G["mean"] = h.T @ dm
        dh = dm @ self.P["mean"].T
        dg = dy * m * s * (1 - s)
        self.G["gate"] = h.T @ dg
        dh = dg @ self.P["gate"].T  # FAULT
        da = dh * (1 - h * h)
        self.G["trunk"] = x.T @ da
        return da @ self.P["trunk"].T


class TwoHeadsRepaired:
    def __init__(self, rng):
        self.P = {n: rng.normal(size=s) * 0.5 for n, s in
                  {"trunk": (4, 6), "mean": (6, 3), "gate": (6, 3)}.items()}
        self.G = {}

    def forward(self, x):
        h = np.tanh(x @ self.P["trunk"])
        m = h @ self.P["mean"]
        s = 1 / (1 + np.exp(-h @ self.P["gate"]))
        self.tape = (x, h, m, s)
        return m * s

    def backward(self, dy):
        x, h, m, s = self.tape
        dm = dy * s
        self.G["mean"] = h.T @ dm
        dh = dm @ self.P["mean"].T
        dg = dy * m * s * (1 - s)
        self.G["gate"] = h.T @ dg
        dh += dg @ self.P["gate"].T
        da = dh * (1 - h * h)
        self.G["trunk"] = x.T @ da
        return da @ self.P["trunk"].T


def faulty():
    rng = np.random.default_rng(34)
    return {"subject": TwoHeads(rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(34)
    return {"subject": TwoHeadsRepaired(rng), "inputs": (rng.normal(size=(5, 4)),)}
