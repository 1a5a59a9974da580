"""Univariate series (batch, time, 1): layer normalization first, then a dense net.

Symptom: The loss stays at the entropy of the labels; the prediction never depends on the series.
Repair: Normalize over time: over one channel the result is always 0.
"""
import numpy as np

CODES = ('input-unused', 'single-class-collapse')
PLACES = ('x', 'norm', 'gamma', '')

def waves(n, seed):
    r = np.random.default_rng(seed)
    y = r.integers(0, 3, n)
    t = np.linspace(0, 1, 12)
    x = np.sin(2 * np.pi * (1 + y)[:, None] * t + r.normal(0, 0.4, (n, 1))) * r.uniform(1, 3, (n, 1)) + r.normal(0, 2, (n, 1))
    return x[..., None] + 0.1 * r.normal(size=(n, 12, 1)), y


def loss(o, y):
    o = o - o.max(1, keepdims=True)
    return -np.mean(o[np.arange(len(y)), y] - np.log(np.exp(o).sum(1)))


def grad(o, y):
    p = np.exp(o - o.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


class SeriesNorm:
    def __init__(self, axis):
        self.axis = axis
        self.gamma, self.beta = np.ones(1), np.zeros(1)

    def forward(self, x):
        mu = x.mean(self.axis, keepdims=True)
        self.inv = 1 / np.sqrt(x.var(self.axis, keepdims=True) + 1e-5)
        self.xhat = (x - mu) * self.inv
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (dy * self.xhat).sum((0, 1)), dy.sum((0, 1))
        d = dy * self.gamma
        return self.inv * (d - d.mean(self.axis, keepdims=True) - self.xhat * (d * self.xhat).mean(self.axis, keepdims=True))


class SeriesNet:
    def __init__(self, T=12, h=10, c=3):
        r = np.random.default_rng(31)
        self.norm = SeriesNorm(axis=-1)  # FAULT
        self.w1, self.b1 = r.normal(0, 1 / np.sqrt(T), (T, h)), r.normal(0, 0.1, h)
        self.w2, self.b2 = r.normal(0, 0.5 / np.sqrt(h), (h, c)), np.zeros(c)

    def forward(self, x):
        self.n = self.norm.forward(x)
        self.a = np.tanh(self.n[..., 0] @ self.w1 + self.b1)
        return self.a @ self.w2 + self.b2

    def backward(self, dy):
        self.dw2, self.db2 = self.a.T @ dy, dy.sum(0)
        da = dy @ self.w2.T * (1 - self.a ** 2)
        self.dw1, self.db1 = self.n[..., 0].T @ da, da.sum(0)
        return self.norm.backward((da @ self.w1.T)[..., None])


class SGDM:
    def __init__(self, net, lr, m=0.9):
        self.lr, self.m = lr, m
        self.state = [[net, n, 0.0] for n in ("w1", "b1", "w2", "b2")] + [[net.norm, n, 0.0] for n in ("gamma", "beta")]

    def step(self):
        for s in self.state:
            s[2] = self.m * s[2] + getattr(s[0], "d" + s[1])
            setattr(s[0], s[1], getattr(s[0], s[1]) - self.lr * s[2])


class SeriesNormRepaired:
    def __init__(self, axis):
        self.axis = axis
        self.gamma, self.beta = np.ones(1), np.zeros(1)

    def forward(self, x):
        mu = x.mean(self.axis, keepdims=True)
        self.inv = 1 / np.sqrt(x.var(self.axis, keepdims=True) + 1e-5)
        self.xhat = (x - mu) * self.inv
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (dy * self.xhat).sum((0, 1)), dy.sum((0, 1))
        d = dy * self.gamma
        return self.inv * (d - d.mean(self.axis, keepdims=True) - self.xhat * (d * self.xhat).mean(self.axis, keepdims=True))


class SeriesNetRepaired:
    def __init__(self, T=12, h=10, c=3):
        r = np.random.default_rng(31)
        self.norm = SeriesNormRepaired(axis=1)
        self.w1, self.b1 = r.normal(0, 1 / np.sqrt(T), (T, h)), r.normal(0, 0.1, h)
        self.w2, self.b2 = r.normal(0, 0.5 / np.sqrt(h), (h, c)), np.zeros(c)

    def forward(self, x):
        self.n = self.norm.forward(x)
        self.a = np.tanh(self.n[..., 0] @ self.w1 + self.b1)
        return self.a @ self.w2 + self.b2

    def backward(self, dy):
        self.dw2, self.db2 = self.a.T @ dy, dy.sum(0)
        da = dy @ self.w2.T * (1 - self.a ** 2)
        self.dw1, self.db1 = self.n[..., 0].T @ da, da.sum(0)
        return self.norm.backward((da @ self.w1.T)[..., None])


class SGDMRepaired:
    def __init__(self, net, lr, m=0.9):
        self.lr, self.m = lr, m
        self.state = [[net, n, 0.0] for n in ("w1", "b1", "w2", "b2")] + [[net.norm, n, 0.0] for n in ("gamma", "beta")]

    def step(self):
        for s in self.state:
            s[2] = self.m * s[2] + getattr(s[0], "d" + s[1])
            setattr(s[0], s[1], getattr(s[0], s[1]) - self.lr * s[2])


def faulty():
    x, y = waves(150, 0)
    net = SeriesNet()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": SGDM(net, 0.01),
            "loss": (loss, grad), "evaluation": waves(60, 1), "learning_rate": 0.01, "batch_size": 15, "steps": 300}


def correct():
    x, y = waves(150, 0)
    net = SeriesNetRepaired()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": SGDMRepaired(net, 0.01),
            "loss": (loss, grad), "evaluation": waves(60, 1), "learning_rate": 0.01, "batch_size": 15, "steps": 300}
