"""A pre-norm feed-forward block whose backward forgets the identity path.

Symptom: one block trains; a stack of several blocks hardly moves its first layers.
Repair: add the incoming gradient to the gradient that comes back through the branch.
"""
import numpy as np

CODES = ("residual-gradient-missing",)
PLACES = ("x", "")


class LayerNorm:
    def __init__(self, dim, eps=1e-5):
        self.gamma = np.ones(dim)
        self.beta = np.zeros(dim)
        self.eps = eps

    def forward(self, x):
        mean = x.mean(axis=-1, keepdims=True)
        var = x.var(axis=-1, keepdims=True)
        self.inv_std = 1.0 / np.sqrt(var + self.eps)
        self.x_hat = (x - mean) * self.inv_std
        return self.gamma * self.x_hat + self.beta

    def backward(self, dy):
        axes = tuple(range(dy.ndim - 1))
        self.dgamma = (dy * self.x_hat).sum(axis=axes)
        self.dbeta = dy.sum(axis=axes)
        dx_hat = dy * self.gamma
        m1 = dx_hat.mean(axis=-1, keepdims=True)
        m2 = (dx_hat * self.x_hat).mean(axis=-1, keepdims=True)
        return self.inv_std * (dx_hat - m1 - self.x_hat * m2)


class FeedForwardBlock:
    """y = x + W2 gelu(W1 norm(x))"""

    def __init__(self, dim, hidden, rng):
        self.norm = LayerNorm(dim)
        self.W1 = rng.normal(0.0, 1.0 / np.sqrt(dim), size=(dim, hidden))
        self.b1 = np.zeros(hidden)
        self.W2 = rng.normal(0.0, 1.0 / np.sqrt(hidden), size=(hidden, dim))
        self.b2 = np.zeros(dim)

    def forward(self, x):
        self.n = self.norm.forward(x)
        self.z = self.n @ self.W1 + self.b1
        self.t = np.tanh(np.sqrt(2.0 / np.pi) * (self.z + 0.044715 * self.z**3))
        self.a = 0.5 * self.z * (1.0 + self.t)
        return x + self.a @ self.W2 + self.b2

    def backward(self, dy):
        self.dW2 = np.einsum("bth,btd->hd", self.a, dy)
        self.db2 = dy.sum(axis=(0, 1))
        da = dy @ self.W2.T
        dt = np.sqrt(2.0 / np.pi) * (1.0 + 3 * 0.044715 * self.z**2)
        dz = da * (0.5 * (1.0 + self.t) + 0.5 * self.z * (1.0 - self.t**2) * dt)
        self.dW1 = np.einsum("btd,bth->dh", self.n, dz)
        self.db1 = dz.sum(axis=(0, 1))
        dx = self.norm.backward(dz @ self.W1.T)  # FAULT
        return dx


class FeedForwardBlockRepaired:
    """y = x + W2 gelu(W1 norm(x))"""

    def __init__(self, dim, hidden, rng):
        self.norm = LayerNorm(dim)
        self.W1 = rng.normal(0.0, 1.0 / np.sqrt(dim), size=(dim, hidden))
        self.b1 = np.zeros(hidden)
        self.W2 = rng.normal(0.0, 1.0 / np.sqrt(hidden), size=(hidden, dim))
        self.b2 = np.zeros(dim)

    def forward(self, x):
        self.n = self.norm.forward(x)
        self.z = self.n @ self.W1 + self.b1
        self.t = np.tanh(np.sqrt(2.0 / np.pi) * (self.z + 0.044715 * self.z**3))
        self.a = 0.5 * self.z * (1.0 + self.t)
        return x + self.a @ self.W2 + self.b2

    def backward(self, dy):
        self.dW2 = np.einsum("bth,btd->hd", self.a, dy)
        self.db2 = dy.sum(axis=(0, 1))
        da = dy @ self.W2.T
        dt = np.sqrt(2.0 / np.pi) * (1.0 + 3 * 0.044715 * self.z**2)
        dz = da * (0.5 * (1.0 + self.t) + 0.5 * self.z * (1.0 - self.t**2) * dt)
        self.dW1 = np.einsum("btd,bth->dh", self.n, dz)
        self.db1 = dz.sum(axis=(0, 1))
        dx = dy + self.norm.backward(dz @ self.W1.T)
        return dx


def faulty():
    rng = np.random.default_rng(0)
    block = FeedForwardBlock(5, 8, rng)
    return {"subject": block, "inputs": (rng.normal(size=(2, 3, 5)),)}


def correct():
    rng = np.random.default_rng(0)
    block = FeedForwardBlockRepaired(5, 8, rng)
    return {"subject": block, "inputs": (rng.normal(size=(2, 3, 5)),)}
