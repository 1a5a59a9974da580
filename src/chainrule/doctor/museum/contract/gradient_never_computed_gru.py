"""A gated recurrent cell with two inputs; gradients are collected in a dict that starts with zeros.

Symptom: the reset gate stays where it was initialized; long gaps are never learned.
Repair: the reset gate's gradient goes into its weights too, not only into the hidden state.
"""
import numpy as np

CODES = ("gradient-never-computed",)
PLACES = ("Wr", "Ur", "br", "p.Wr", "p.Ur", "p.br", "grad.Wr", "p['Wr']", "p['Ur']", "p['br']")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


class GRUCell:
    def __init__(self, n_in, n_hidden, rng):
        self.p = {}
        for gate in "zrn":
            self.p["W" + gate] = rng.normal(scale=n_in ** -0.5, size=(n_in, n_hidden))
            self.p["U" + gate] = rng.normal(scale=n_hidden ** -0.5, size=(n_hidden, n_hidden))
            self.p["b" + gate] = rng.normal(scale=0.2, size=n_hidden)

    def forward(self, x, h):
        p = self.p
        z = sigmoid(x @ p["Wz"] + h @ p["Uz"] + p["bz"])
        r = sigmoid(x @ p["Wr"] + h @ p["Ur"] + p["br"])
        n = np.tanh(x @ p["Wn"] + (r * h) @ p["Un"] + p["bn"])
        self.saved = x, h, z, r, n
        return (1 - z) * n + z * h

    def backward(self, dy):
        p = self.p
        x, h, z, r, n = self.saved
        self.grad = {name: np.zeros_like(value) for name, value in p.items()}

        dn = dy * (1 - z) * (1 - n ** 2)
        dz = dy * (h - n) * z * (1 - z)
        drh = dn @ p["Un"].T
        dr = drh * h * r * (1 - r)

        for gate, delta, left in (("z", dz, h), ("n", dn, r * h)):  # FAULT
            self.grad["W" + gate] += x.T @ delta
            self.grad["U" + gate] += left.T @ delta
            self.grad["b" + gate] += delta.sum(axis=0)

        dx = dz @ p["Wz"].T + dr @ p["Wr"].T + dn @ p["Wn"].T
        dh = dy * z + drh * r + dz @ p["Uz"].T + dr @ p["Ur"].T
        return dx, dh


class GRUCellRepaired:
    def __init__(self, n_in, n_hidden, rng):
        self.p = {}
        for gate in "zrn":
            self.p["W" + gate] = rng.normal(scale=n_in ** -0.5, size=(n_in, n_hidden))
            self.p["U" + gate] = rng.normal(scale=n_hidden ** -0.5, size=(n_hidden, n_hidden))
            self.p["b" + gate] = rng.normal(scale=0.2, size=n_hidden)

    def forward(self, x, h):
        p = self.p
        z = sigmoid(x @ p["Wz"] + h @ p["Uz"] + p["bz"])
        r = sigmoid(x @ p["Wr"] + h @ p["Ur"] + p["br"])
        n = np.tanh(x @ p["Wn"] + (r * h) @ p["Un"] + p["bn"])
        self.saved = x, h, z, r, n
        return (1 - z) * n + z * h

    def backward(self, dy):
        p = self.p
        x, h, z, r, n = self.saved
        self.grad = {name: np.zeros_like(value) for name, value in p.items()}

        dn = dy * (1 - z) * (1 - n ** 2)
        dz = dy * (h - n) * z * (1 - z)
        drh = dn @ p["Un"].T
        dr = drh * h * r * (1 - r)

        for gate, delta, left in (("z", dz, h), ("r", dr, h), ("n", dn, r * h)):
            self.grad["W" + gate] += x.T @ delta
            self.grad["U" + gate] += left.T @ delta
            self.grad["b" + gate] += delta.sum(axis=0)

        dx = dz @ p["Wz"].T + dr @ p["Wr"].T + dn @ p["Wn"].T
        dh = dy * z + drh * r + dz @ p["Uz"].T + dr @ p["Ur"].T
        return dx, dh


def faulty():
    rng = np.random.default_rng(36)
    cell = GRUCell(3, 5, rng)
    return {"subject": cell, "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(4, 5)))}


def correct():
    rng = np.random.default_rng(36)
    cell = GRUCellRepaired(3, 5, rng)
    return {"subject": cell, "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(4, 5)))}
