import numpy as np


def squash(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class CrossNet:
    """Two cross layers, x_{l+1} = x_0 (x_l . w_l) + b_l + x_l, then one probability of a click (B, 1)."""

    def __init__(self, d, layers=2, seed=0):
        rng = np.random.default_rng(seed)
        self.w = rng.normal(0, d ** -0.5, (layers, d))
        self.b = np.zeros((layers, d))
        self.v = rng.normal(0, d ** -0.5, (d, 1))

    def forward(self, x):
        self.xs = [x]
        for w, b in zip(self.w, self.b):
            xl = self.xs[-1]
            self.xs.append(x * (xl @ w)[:, None] + b + xl)
        self.p = squash(self.xs[-1] @ self.v)
        return self.p

    def backward(self, dp):
        dz = dp * self.p * (1 - self.p)
        self.dv = self.xs[-1].T @ dz
        self.dw, self.db = np.zeros_like(self.w), np.zeros_like(self.b)
        d, x0 = dz @ self.v.T, self.xs[0]
        dx0 = np.zeros_like(x0)
        for l in range(len(self.w) - 1, -1, -1):
            xl = self.xs[l]
            self.db[l] = d.sum(axis=0)
            s = (d * x0).sum(axis=1)
            dx0 += d * (xl @ self.w[l])[:, None]
            self.dw[l] = s @ xl
            d = d + s[:, None] * self.w[l]
        return d + dx0


def brier(p, clicked):
    return np.mean((p[:, 0] - clicked) ** 2)


def brier_grad(p, clicked):
    return 2 * (p - clicked[:, None]) / len(p)
