"""Residual feed-forward block on non-negative features; rand() - 1 for 2*rand() - 1.

Symptom: The network learns only through its skip path; the inner layer never fires.
Repair: Center the uniform draw: 2 * rand - 1.
"""
import numpy as np

CODES = ('dead-units',)
PLACES = ('block.w1', 'w1', 'block', '')

def counts(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    rate = np.array([[3, 1, 1, 2, 0.5], [1, 3, 1, 0.5, 2], [1, 1, 3, 2, 2]])[y]
    return np.sqrt(rng.poisson(rate)), y


def ce(p, y):
    p = p - p.max(1, keepdims=True)
    return float(np.mean(np.log(np.exp(p).sum(1)) - p[np.arange(len(y)), y]))


def ce_grad(p, y):
    q = np.exp(p - p.max(1, keepdims=True))
    q /= q.sum(1, keepdims=True)
    return (q - np.eye(p.shape[1])[y]) / len(y)


class ResidualBlock:
    def __init__(self, d, hidden, rng):
        self.w1 = (rng.random((d, hidden)) - 1) * np.sqrt(6 / (d + hidden))  # FAULT
        self.b1 = np.zeros(hidden)
        self.w2 = (2 * rng.random((hidden, d)) - 1) * np.sqrt(6 / (d + hidden))

    def forward(self, x):
        self.x, self.z = x, x @ self.w1 + self.b1
        self.a = self.z * (self.z > 0)
        return x + self.a @ self.w2

    def backward(self, dy):
        self.dw2 = self.a.T @ dy
        dz = (dy @ self.w2.T) * (self.z > 0)
        self.dw1, self.db1 = self.x.T @ dz, dz.sum(0)
        return dy + dz @ self.w1.T


class CountNet:
    def __init__(self, d=5, hidden=12, classes=3):
        rng = np.random.default_rng(15)
        self.block = ResidualBlock(d, hidden, rng)
        self.head = rng.normal(0, 0.1, (d, classes))
        self.bias = np.zeros(classes)

    def forward(self, x):
        self.f = self.block.forward(x)
        return self.f @ self.head + self.bias

    def backward(self, dy):
        self.dhead, self.dbias = self.f.T @ dy, dy.sum(0)
        return self.block.backward(dy @ self.head.T)


class Lion:
    """Sign of the interpolated momentum."""

    def __init__(self, net, lr=7e-4):
        self.lr = lr
        self.slots = [(net.block, "w1"), (net.block, "b1"), (net.block, "w2"), (net, "head"), (net, "bias")]
        self.m = [np.zeros_like(getattr(o, n)) for o, n in self.slots]

    def step(self):
        for m, (o, n) in zip(self.m, self.slots):
            g = getattr(o, "d" + n)
            p = getattr(o, n)
            p -= self.lr * np.sign(0.9 * m + 0.1 * g)
            m *= 0.99
            m += 0.01 * g


class ResidualBlockRepaired:
    def __init__(self, d, hidden, rng):
        self.w1 = (2 * rng.random((d, hidden)) - 1) * np.sqrt(6 / (d + hidden))
        self.b1 = np.zeros(hidden)
        self.w2 = (2 * rng.random((hidden, d)) - 1) * np.sqrt(6 / (d + hidden))

    def forward(self, x):
        self.x, self.z = x, x @ self.w1 + self.b1
        self.a = self.z * (self.z > 0)
        return x + self.a @ self.w2

    def backward(self, dy):
        self.dw2 = self.a.T @ dy
        dz = (dy @ self.w2.T) * (self.z > 0)
        self.dw1, self.db1 = self.x.T @ dz, dz.sum(0)
        return dy + dz @ self.w1.T


class CountNetRepaired:
    def __init__(self, d=5, hidden=12, classes=3):
        rng = np.random.default_rng(15)
        self.block = ResidualBlockRepaired(d, hidden, rng)
        self.head = rng.normal(0, 0.1, (d, classes))
        self.bias = np.zeros(classes)

    def forward(self, x):
        self.f = self.block.forward(x)
        return self.f @ self.head + self.bias

    def backward(self, dy):
        self.dhead, self.dbias = self.f.T @ dy, dy.sum(0)
        return self.block.backward(dy @ self.head.T)


class LionRepaired:
    """Sign of the interpolated momentum."""

    def __init__(self, net, lr=7e-4):
        self.lr = lr
        self.slots = [(net.block, "w1"), (net.block, "b1"), (net.block, "w2"), (net, "head"), (net, "bias")]
        self.m = [np.zeros_like(getattr(o, n)) for o, n in self.slots]

    def step(self):
        for m, (o, n) in zip(self.m, self.slots):
            g = getattr(o, "d" + n)
            p = getattr(o, n)
            p -= self.lr * np.sign(0.9 * m + 0.1 * g)
            m *= 0.99
            m += 0.01 * g


def faulty():
    x, y = counts(160, 0)
    net = CountNet()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": Lion(net),
            "loss": (ce, ce_grad), "evaluation": counts(80, 1), "learning_rate": 7e-4, "batch_size": 16, "steps": 400}


def correct():
    x, y = counts(160, 0)
    net = CountNetRepaired()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": LionRepaired(net),
            "loss": (ce, ce_grad), "evaluation": counts(80, 1), "learning_rate": 7e-4, "batch_size": 16, "steps": 400}
