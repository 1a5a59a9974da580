"""Pre-norm feed-forward blocks whose backward returns the branch's gradient only.

Symptom: with four blocks the lowest ones hardly move.
Repair: add the skip's gradient.
"""
import numpy as np

CODES = ("residual-gradient-missing", "branch-overwritten")
PLACES = ("ffn", "x", "", "blocks.0", "blocks.1", "blocks")


class PreNormFFN:
    def __init__(self, d, hidden, rng):
        self.gain = rng.normal(1, 0.1, d)
        self.w_in = rng.normal(size=(d, hidden)) / np.sqrt(d)
        self.w_out = rng.normal(size=(hidden, d)) / np.sqrt(hidden)

    def forward(self, x):
        self.r = 1 / np.sqrt((x ** 2).mean(-1, keepdims=True) + 1e-6)
        self.n = x * self.r
        self.u = self.n * self.gain
        self.a = np.tanh(self.u @ self.w_in)
        return x + self.a @ self.w_out

    def backward(self, dy):
        f = lambda t: t.reshape(-1, t.shape[-1])
        self.d_w_out = f(self.a).T @ f(dy)
        dz = dy @ self.w_out.T * (1 - self.a ** 2)
        self.d_w_in = f(self.u).T @ f(dz)
        du = dz @ self.w_in.T
        self.d_gain = f(du * self.n).sum(0)
        dn = du * self.gain
        dx = self.r * (dn - self.n * (dn * self.n).mean(-1, keepdims=True))
        return dx  # FAULT


class Tower:
    def __init__(self, n, d, hidden, rng):
        self.blocks = [PreNormFFN(d, hidden, rng) for _ in range(n)]

    def forward(self, x):
        for b in self.blocks:
            x = b.forward(x)
        return x

    def backward(self, dy):
        for b in self.blocks[::-1]:
            dy = b.backward(dy)
        return dy


class PreNormFFNRepaired:
    def __init__(self, d, hidden, rng):
        self.gain = rng.normal(1, 0.1, d)
        self.w_in = rng.normal(size=(d, hidden)) / np.sqrt(d)
        self.w_out = rng.normal(size=(hidden, d)) / np.sqrt(hidden)

    def forward(self, x):
        self.r = 1 / np.sqrt((x ** 2).mean(-1, keepdims=True) + 1e-6)
        self.n = x * self.r
        self.u = self.n * self.gain
        self.a = np.tanh(self.u @ self.w_in)
        return x + self.a @ self.w_out

    def backward(self, dy):
        f = lambda t: t.reshape(-1, t.shape[-1])
        self.d_w_out = f(self.a).T @ f(dy)
        dz = dy @ self.w_out.T * (1 - self.a ** 2)
        self.d_w_in = f(self.u).T @ f(dz)
        du = dz @ self.w_in.T
        self.d_gain = f(du * self.n).sum(0)
        dn = du * self.gain
        dx = self.r * (dn - self.n * (dn * self.n).mean(-1, keepdims=True))
        return dx + dy


class TowerRepaired:
    def __init__(self, n, d, hidden, rng):
        self.blocks = [PreNormFFNRepaired(d, hidden, rng) for _ in range(n)]

    def forward(self, x):
        for b in self.blocks:
            x = b.forward(x)
        return x

    def backward(self, dy):
        for b in self.blocks[::-1]:
            dy = b.backward(dy)
        return dy


def faulty():
    rng = np.random.default_rng(40)
    return {"subject": Tower(2, 4, 6, rng), "inputs": (rng.normal(size=(2, 3, 4)),)}


def correct():
    rng = np.random.default_rng(40)
    return {"subject": TowerRepaired(2, 4, 6, rng), "inputs": (rng.normal(size=(2, 3, 4)),)}
