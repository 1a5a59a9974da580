"""A decoder block whose cross-attention takes its keys from the encoder and its values from itself.

Symptom: translations are fluent and have nothing to do with the source.
Repair: values from the memory.
"""
import numpy as np

CODES = ("attention-roles-swapped",)
PLACES = ("memory", "x", "")


class DecoderBlock:
    """Attention to the encoder's memory with a residual connection, followed by a dense tanh layer.

    Samples are given one at a time, without a batch axis: x (T, D), memory (S, D).
    """

    def __init__(self, d, rng):
        self.d = d
        self.weights = {}
        for name in ("Q", "K", "V", "O"):
            self.weights[name] = rng.standard_normal((d, d)) / np.sqrt(d)
        self.gradients = {name: np.zeros((d, d)) for name in self.weights}

    def forward(self, x, memory):
        w = self.weights
        Q = x @ w["Q"]
        K = memory @ w["K"]
        V = x @ w["V"]  # FAULT
        scores = Q @ K.T / np.sqrt(self.d)
        A = np.exp(scores - scores.max(axis=1, keepdims=True))
        A = A / A.sum(axis=1, keepdims=True)
        h = x + A @ V
        y = np.tanh(h @ w["O"])
        self.store = dict(x=x, memory=memory, Q=Q, K=K, V=V, A=A, h=h, y=y)
        return y

    def backward(self, dy):
        w, s, g = self.weights, self.store, self.gradients
        dz = dy * (1.0 - s["y"] ** 2)
        g["O"] = s["h"].T @ dz
        dh = dz @ w["O"].T
        dA = dh @ s["V"].T
        dV = s["A"].T @ dh
        dscores = s["A"] * (dA - np.sum(dA * s["A"], axis=1, keepdims=True)) / np.sqrt(self.d)
        dQ = dscores @ s["K"]
        dK = dscores.T @ s["Q"]
        g["Q"] = s["x"].T @ dQ
        g["K"] = s["memory"].T @ dK
        g["V"] = s["x"].T @ dV
        dx = dh + dQ @ w["Q"].T + dV @ w["V"].T
        dmemory = dK @ w["K"].T
        return dx, dmemory


class DecoderBlockRepaired:
    """Attention to the encoder's memory with a residual connection, followed by a dense tanh layer.

    Samples are given one at a time, without a batch axis: x (T, D), memory (S, D).
    """

    def __init__(self, d, rng):
        self.d = d
        self.weights = {}
        for name in ("Q", "K", "V", "O"):
            self.weights[name] = rng.standard_normal((d, d)) / np.sqrt(d)
        self.gradients = {name: np.zeros((d, d)) for name in self.weights}

    def forward(self, x, memory):
        w = self.weights
        Q = x @ w["Q"]
        K = memory @ w["K"]
        V = memory @ w["V"]
        scores = Q @ K.T / np.sqrt(self.d)
        A = np.exp(scores - scores.max(axis=1, keepdims=True))
        A = A / A.sum(axis=1, keepdims=True)
        h = x + A @ V
        y = np.tanh(h @ w["O"])
        self.store = dict(x=x, memory=memory, Q=Q, K=K, V=V, A=A, h=h, y=y)
        return y

    def backward(self, dy):
        w, s, g = self.weights, self.store, self.gradients
        dz = dy * (1.0 - s["y"] ** 2)
        g["O"] = s["h"].T @ dz
        dh = dz @ w["O"].T
        dA = dh @ s["V"].T
        dV = s["A"].T @ dh
        dscores = s["A"] * (dA - np.sum(dA * s["A"], axis=1, keepdims=True)) / np.sqrt(self.d)
        dQ = dscores @ s["K"]
        dK = dscores.T @ s["Q"]
        g["Q"] = s["x"].T @ dQ
        g["K"] = s["memory"].T @ dK
        g["V"] = s["memory"].T @ dV
        dx = dh + dQ @ w["Q"].T
        dmemory = dK @ w["K"].T + dV @ w["V"].T
        return dx, dmemory


def faulty():
    rng = np.random.default_rng(33)
    x, memory = rng.standard_normal((4, 5)), rng.standard_normal((4, 5))
    return {"subject": DecoderBlock(5, rng), "inputs": (x, memory)}


def correct():
    rng = np.random.default_rng(33)
    x, memory = rng.standard_normal((4, 5)), rng.standard_normal((4, 5))
    return {"subject": DecoderBlockRepaired(5, rng), "inputs": (x, memory)}
