"""A transformer decoder of three layers, each with attention to the memory and a feed-forward part.

Symptom: with one layer everything is right; with more, the lower layers learn as if they were the
last.
Repair: hand each layer the gradient that its successor returned.
"""
import numpy as np

CODES = ("unchained-upstream",)
PLACES = ("layers", "layers[1]", "layers[0]", "layers.1", "layers.0", "")


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class DecoderLayer:
    """x + attention(x, memory), then h + W2 tanh(W1 h)."""

    def __init__(self, d, hidden, rng):
        self.params = {
            "Wq": rng.normal(scale=d ** -0.5, size=(d, d)),
            "Wk": rng.normal(scale=d ** -0.5, size=(d, d)),
            "Wv": rng.normal(scale=d ** -0.5, size=(d, d)),
            "W1": rng.normal(scale=d ** -0.5, size=(d, hidden)),
            "W2": rng.normal(scale=hidden ** -0.5, size=(hidden, d)),
        }
        self.grads = {}
        self.scale = d ** -0.5

    def forward(self, x, memory):
        w = self.params
        q, k, v = x @ w["Wq"], memory @ w["Wk"], memory @ w["Wv"]
        p = softmax(np.einsum("btd,bsd->bts", q, k) * self.scale)
        h = x + p @ v
        a = np.tanh(h @ w["W1"])
        self.cache = x, memory, q, k, v, p, h, a
        return h + a @ w["W2"]

    def backward(self, dy):
        w = self.params
        x, memory, q, k, v, p, h, a = self.cache
        dz = dy @ w["W2"].T * (1 - a ** 2)
        dh = dy + dz @ w["W1"].T
        dv = np.einsum("bts,btd->bsd", p, dh)
        dp = np.einsum("btd,bsd->bts", dh, v)
        ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True)) * self.scale
        dq, dk = ds @ k, np.einsum("bts,btd->bsd", ds, q)
        pairs = {"W2": (a, dy), "W1": (h, dz), "Wq": (x, dq), "Wk": (memory, dk), "Wv": (memory, dv)}
        self.grads = {name: np.einsum("bti,bto->io", left, d) for name, (left, d) in pairs.items()}
        return dh + dq @ w["Wq"].T, dk @ w["Wk"].T + dv @ w["Wv"].T


class Decoder:
    def __init__(self, depth, d, hidden, rng):
        self.layers = [DecoderLayer(d, hidden, rng) for _ in range(depth)]

    def forward(self, x, memory):
        for layer in self.layers:
            x = layer.forward(x, memory)
        return x

    def backward(self, dy):
        dmemory = 0.0
        for layer in reversed(self.layers):
            dx, dm = layer.backward(dy)  # FAULT
            dmemory = dmemory + dm
        return dx, dmemory


class DecoderRepaired:
    def __init__(self, depth, d, hidden, rng):
        self.layers = [DecoderLayer(d, hidden, rng) for _ in range(depth)]

    def forward(self, x, memory):
        for layer in self.layers:
            x = layer.forward(x, memory)
        return x

    def backward(self, dy):
        dx, dmemory = dy, 0.0
        for layer in reversed(self.layers):
            dx, dm = layer.backward(dx)
            dmemory = dmemory + dm
        return dx, dmemory


def faulty():
    rng = np.random.default_rng(57)
    x, memory = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))
    return {"subject": Decoder(3, 4, 6, rng), "inputs": (x, memory)}


def correct():
    rng = np.random.default_rng(57)
    x, memory = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))
    return {"subject": DecoderRepaired(3, 4, 6, rng), "inputs": (x, memory)}
