"""A post-norm encoder layer: the residual around the attention is lost on the way back.

Symptom: with two or more layers the gradients of the lower ones vanish.
Repair: the gradient after the first norm flows into the attention and around it.
"""
import numpy as np

CODES = ("residual-gradient-missing",)
PLACES = ("x", "", "attention", "norm1")


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Norm:
    def __init__(self, size):
        self.scale = np.ones(size)
        self.shift = np.zeros(size)

    def forward(self, x):
        self.std = np.sqrt(x.var(-1, keepdims=True) + 1e-6)
        self.xhat = (x - x.mean(-1, keepdims=True)) / self.std
        return self.scale * self.xhat + self.shift

    def backward(self, delta, learning_rate):
        d = delta * self.scale
        dx = (d - d.mean(-1, keepdims=True) - self.xhat * (d * self.xhat).mean(-1, keepdims=True)) / self.std
        self.scale -= learning_rate * (delta * self.xhat).sum((0, 1))
        self.shift -= learning_rate * delta.sum((0, 1))
        return dx


class Attention:
    def __init__(self, size, rng):
        self.Wq, self.Wk, self.Wv = (rng.normal(0, size**-0.5, (size, size)) for _ in range(3))

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.scale = 1.0 / np.sqrt(self.q.shape[-1])
        self.p = softmax(self.q @ self.k.transpose(0, 2, 1) * self.scale)
        return self.p @ self.v

    def backward(self, delta, learning_rate):
        dv = self.p.transpose(0, 2, 1) @ delta
        dp = delta @ self.v.transpose(0, 2, 1)
        ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True)) * self.scale
        dq = ds @ self.k
        dk = ds.transpose(0, 2, 1) @ self.q
        dx = dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T
        self.Wq -= learning_rate * np.einsum("bti,btj->ij", self.x, dq)
        self.Wk -= learning_rate * np.einsum("bti,btj->ij", self.x, dk)
        self.Wv -= learning_rate * np.einsum("bti,btj->ij", self.x, dv)
        return dx


class Mlp:
    def __init__(self, size, hidden, rng):
        self.W1 = rng.normal(0, size**-0.5, (size, hidden))
        self.W2 = rng.normal(0, hidden**-0.5, (hidden, size))

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W1)
        return self.h @ self.W2

    def backward(self, delta, learning_rate):
        dz = (delta @ self.W2.T) * (1 - self.h**2)
        dx = dz @ self.W1.T
        self.W2 -= learning_rate * np.einsum("bti,btj->ij", self.h, delta)
        self.W1 -= learning_rate * np.einsum("bti,btj->ij", self.x, dz)
        return dx


class EncoderLayer:
    def __init__(self, size, hidden, rng):
        self.attention = Attention(size, rng)
        self.norm1 = Norm(size)
        self.mlp = Mlp(size, hidden, rng)
        self.norm2 = Norm(size)

    def forward(self, x):
        y = self.norm1.forward(x + self.attention.forward(x))
        return self.norm2.forward(y + self.mlp.forward(y))

    def backward(self, delta, learning_rate):
        d = self.norm2.backward(delta, learning_rate)
        d = d + self.mlp.backward(d, learning_rate)
        d = self.norm1.backward(d, learning_rate)
        return self.attention.backward(d, learning_rate)  # FAULT


class EncoderLayerRepaired:
    def __init__(self, size, hidden, rng):
        self.attention = Attention(size, rng)
        self.norm1 = Norm(size)
        self.mlp = Mlp(size, hidden, rng)
        self.norm2 = Norm(size)

    def forward(self, x):
        y = self.norm1.forward(x + self.attention.forward(x))
        return self.norm2.forward(y + self.mlp.forward(y))

    def backward(self, delta, learning_rate):
        d = self.norm2.backward(delta, learning_rate)
        d = d + self.mlp.backward(d, learning_rate)
        d = self.norm1.backward(d, learning_rate)
        return d + self.attention.backward(d, learning_rate)


def faulty():
    rng = np.random.default_rng(1)
    layer = EncoderLayer(4, 7, rng)
    return {"subject": layer, "inputs": (rng.normal(size=(2, 3, 4)),)}


def correct():
    rng = np.random.default_rng(1)
    layer = EncoderLayerRepaired(4, 7, rng)
    return {"subject": layer, "inputs": (rng.normal(size=(2, 3, 4)),)}
