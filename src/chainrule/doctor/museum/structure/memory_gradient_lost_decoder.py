"""A decoder of two layers that returns to the encoder only one layer's gradient.

Symptom: with one decoder layer the encoder trains as it should; with more it falls behind.
Repair: sum the memory gradients of all layers.
"""
import numpy as np

CODES = ("memory-gradient-lost",)
PLACES = ("memory", "")


def attend(q, m):
    s = q @ m.swapaxes(1, 2)
    p = np.exp(s - s.max(axis=2, keepdims=True))
    return p / p.sum(axis=2, keepdims=True)


class DecoderLayer:
    """Attention over the memory followed by a dense map, each with its residual connection."""

    def __init__(self, dim, rng):
        self.weights = {"A": rng.normal(0, 0.5, (dim, dim)), "U": rng.normal(0, 0.5, (dim, dim))}
        self.gradients = {}

    def forward(self, x, memory):
        self.x, self.memory = x, memory
        self.q = x @ self.weights["A"]
        self.p = attend(self.q, memory)
        self.r = x + self.p @ memory
        self.t = np.tanh(self.r @ self.weights["U"])
        return self.r + self.t

    def backward(self, dy):
        dz = dy * (1 - self.t**2)
        self.gradients["U"] = np.einsum("btd,bte->de", self.r, dz)
        dr = dy + dz @ self.weights["U"].T
        dmemory = self.p.swapaxes(1, 2) @ dr
        dp = dr @ self.memory.swapaxes(1, 2)
        ds = self.p * (dp - (dp * self.p).sum(axis=2, keepdims=True))
        dmemory = dmemory + ds.swapaxes(1, 2) @ self.q
        dq = ds @ self.memory
        self.gradients["A"] = np.einsum("btd,bte->de", self.x, dq)
        return dr + dq @ self.weights["A"].T, dmemory


class Decoder:
    def __init__(self, dim, n_layers, rng):
        self.layers = [DecoderLayer(dim, rng) for _ in range(n_layers)]

    def forward(self, x, memory):
        self.memory_shape = memory.shape
        for layer in self.layers:
            x = layer.forward(x, memory)
        return x

    def backward(self, dy):
        total = np.zeros(self.memory_shape)
        for layer in reversed(self.layers):
            dy, dmemory = layer.backward(dy)
            total = dmemory  # FAULT
        return dy, total


class DecoderRepaired:
    def __init__(self, dim, n_layers, rng):
        self.layers = [DecoderLayer(dim, rng) for _ in range(n_layers)]

    def forward(self, x, memory):
        self.memory_shape = memory.shape
        for layer in self.layers:
            x = layer.forward(x, memory)
        return x

    def backward(self, dy):
        total = np.zeros(self.memory_shape)
        for layer in reversed(self.layers):
            dy, dmemory = layer.backward(dy)
            total += dmemory
        return dy, total


def faulty():
    rng = np.random.default_rng(1)
    x, memory = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))
    return {"subject": Decoder(4, 2, rng), "inputs": (x, memory)}


def correct():
    rng = np.random.default_rng(1)
    x, memory = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))
    return {"subject": DecoderRepaired(4, 2, rng), "inputs": (x, memory)}
