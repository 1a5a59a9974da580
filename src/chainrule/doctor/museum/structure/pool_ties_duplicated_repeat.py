"""A max-pool after a rectifier that compares the repeated maximum with its input.

Symptom: flat regions get several times the gradient.
Repair: give the gradient to one position.
"""
import numpy as np

CODES = ("pool-ties-duplicated",)
PLACES = ("pool", "x", "")


class ReluPool:
    """Rectifier and 2x2 max-pool in one; (N, H, W, C)."""

    def forward(self, x):
        n, h, w, c = x.shape
        self.x = x
        a = np.maximum(x, 0.0)
        a = a.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 5, 2, 4)
        self.win = a.reshape(n, h // 2, w // 2, c, 4)
        return self.win.max(-1)

    def backward(self, dy):
        n, h, w, c = self.x.shape
        sel = (self.win == self.win.max(-1, keepdims=True)).astype(float)  # FAULT
        da = (sel * dy[..., None]).reshape(n, h // 2, w // 2, c, 2, 2).transpose(0, 1, 4, 2, 5, 3)
        return da.reshape(n, h, w, c) * (self.x > 0)


class Net:
    def __init__(self, rng):
        self.mix = rng.normal(size=(3, 2)) * 0.8
        self.pool = ReluPool()

    def forward(self, x):
        self.x = x
        return self.pool.forward(x @ self.mix)

    def backward(self, dy):
        dz = self.pool.backward(dy)
        self.dmix = np.tensordot(self.x, dz, axes=((0, 1, 2), (0, 1, 2)))
        return dz @ self.mix.T


class ReluPoolRepaired:
    """Rectifier and 2x2 max-pool in one; (N, H, W, C)."""

    def forward(self, x):
        n, h, w, c = x.shape
        self.x = x
        a = np.maximum(x, 0.0)
        a = a.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 5, 2, 4)
        self.win = a.reshape(n, h // 2, w // 2, c, 4)
        return self.win.max(-1)

    def backward(self, dy):
        n, h, w, c = self.x.shape
        sel = np.eye(4)[self.win.argmax(-1)]
        da = (sel * dy[..., None]).reshape(n, h // 2, w // 2, c, 2, 2).transpose(0, 1, 4, 2, 5, 3)
        return da.reshape(n, h, w, c) * (self.x > 0)


class NetRepaired:
    def __init__(self, rng):
        self.mix = rng.normal(size=(3, 2)) * 0.8
        self.pool = ReluPoolRepaired()

    def forward(self, x):
        self.x = x
        return self.pool.forward(x @ self.mix)

    def backward(self, dy):
        dz = self.pool.backward(dy)
        self.dmix = np.tensordot(self.x, dz, axes=((0, 1, 2), (0, 1, 2)))
        return dz @ self.mix.T


def faulty():
    rng = np.random.default_rng(47)
    image = np.round(rng.normal(size=(2, 4, 6, 3))) + 0.3
    image[:, ::2, ::2] = image[:, ::2, 1::2]
    return {"subject": Net(rng), "inputs": (image,)}


def correct():
    rng = np.random.default_rng(47)
    image = np.round(rng.normal(size=(2, 4, 6, 3))) + 0.3
    image[:, ::2, ::2] = image[:, ::2, 1::2]
    return {"subject": NetRepaired(rng), "inputs": (image,)}
