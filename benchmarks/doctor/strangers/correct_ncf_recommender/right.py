import numpy as np


class Recommender:
    """User and item vectors, product features, small ReLU layer, rating.  Id 0 is the unknown user / item."""

    def __init__(self, users, items, k=6, h=10, seed=0):
        rng = np.random.default_rng(seed)
        self.U = rng.normal(size=(users, k)) * 0.8
        self.I = rng.normal(size=(items, k)) * 0.8
        self.U[0] = self.I[0] = 0.0
        self.W = rng.normal(size=(2 * k, h)) * np.sqrt(2 / (2 * k))
        self.b = np.full(h, 0.05)
        self.v = rng.normal(size=h) * np.sqrt(1 / h)
        self.mean = np.zeros(1)

    def step(self, x, target, learning_rate):
        u, i = x[:, 0], x[:, 1]
        eu, ei = self.U[u], self.I[i]
        f = np.concatenate([eu * ei, eu + ei], axis=1)
        a = np.maximum(f @ self.W + self.b, 0)
        out = a @ self.v + self.mean
        e = out - target
        d = 2 * e / len(x)
        da = d[:, None] * self.v * (a > 0)
        df = da @ self.W.T
        k = eu.shape[1]
        gv, gm, gW, gb = a.T @ d, d.sum(keepdims=True), f.T @ da, da.sum(0)
        np.subtract.at(self.U, u, learning_rate * (df[:, :k] * ei + df[:, k:]))
        np.subtract.at(self.I, i, learning_rate * (df[:, :k] * eu + df[:, k:]))
        self.W -= learning_rate * gW
        self.b -= learning_rate * gb
        self.v -= learning_rate * gv
        self.mean -= learning_rate * gm
        return np.mean(e ** 2)
