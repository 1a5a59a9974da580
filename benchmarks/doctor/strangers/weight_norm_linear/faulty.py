import numpy as np


class WNLinear:
    """Weight normalisation (Salimans & Kingma): W_k = g_k * v_k / |v_k|, y = W x + b."""

    def __init__(self, fan_in, fan_out, seed=None):
        rs = np.random.default_rng(seed)
        self.v = rs.normal(0, 0.05, (fan_out, fan_in))
        self.g = np.ones(fan_out)
        self.b = np.zeros(fan_out)
        self.dv = np.zeros_like(self.v)
        self.dg = np.zeros_like(self.g)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        self.norm = np.sqrt((self.v ** 2).sum(axis=1, keepdims=True))
        self.unit = self.v / self.norm
        self.W = self.g[:, None] * self.unit
        return x @ self.W.T + self.b

    def backward(self, dy):
        dW = dy.T @ self.x
        along = (dW * self.unit).sum(axis=1)
        self.dg = self.dg + along
        self.dv = (self.g[:, None] / self.norm) * (dW - along[:, None] * self.unit)
        self.db = dy.sum(axis=0)
        return dy @ self.W

    def sgd(self, lr):
        for p in "vgb":
            setattr(self, p, getattr(self, p) - lr * getattr(self, "d" + p))
