"""Elman network over 24 steps, read at the last one, weights from randn.

Symptom: The gradient grows by a constant factor with every step back in time; the recurrent weight's spectral radius is near 4. The first updates then blow the input weights up and saturate the units.
Repair: Start from the identity (spectral radius 1).
"""
import numpy as np

CODES = ('gradient-explodes',)
PLACES = ('Whh', 'h', 'x', '')

def series(n, seed, T=24):
    g = np.random.RandomState(seed)
    y = g.randint(0, 3, n)
    x = 0.5 * g.randn(T, n, 3)                 # time first
    x[:, np.arange(n), y] += 0.4
    return x.transpose(1, 0, 2), y


def L(o, y):
    o = o - o.max(1, keepdims=True)
    return np.mean(np.log(np.exp(o).sum(1)) - o[np.arange(len(y)), y])


def dL(o, y):
    e = np.exp(o - o.max(1, keepdims=True))
    return (e / e.sum(1, keepdims=True) - np.eye(3)[y]) / len(y)


class Elman:
    def __init__(self, d=3, h=16, c=3):
        g = np.random.RandomState(21)
        self.Wxh = 0.2 * g.randn(d, h)
        self.Whh = g.randn(h, h)  # FAULT
        self.bh = np.zeros(h)
        self.Why = 0.12 * g.randn(h, c)
        self.by = np.zeros(c)

    def forward(self, x):
        self.x = x
        self.h = [np.zeros((len(x), len(self.bh)))]
        for t in range(x.shape[1]):
            self.h.append(np.tanh(x[:, t] @ self.Wxh + self.h[-1] @ self.Whh + self.bh))
        return self.h[-1] @ self.Why + self.by

    def backward(self, do):
        self.dWhy, self.dby = self.h[-1].T @ do, do.sum(0)
        self.dWxh, self.dWhh, self.dbh = np.zeros_like(self.Wxh), np.zeros_like(self.Whh), np.zeros_like(self.bh)
        dx = np.zeros_like(self.x)
        dh = do @ self.Why.T
        for t in range(self.x.shape[1] - 1, -1, -1):
            da = dh * (1 - self.h[t + 1] ** 2)
            self.dWxh += self.x[:, t].T @ da
            self.dWhh += self.h[t].T @ da
            self.dbh += da.sum(0)
            dx[:, t] = da @ self.Wxh.T
            dh = da @ self.Whh.T
        return dx


class Descent:
    def __init__(self, net, lr):
        self.net, self.lr = net, lr

    def step(self):
        n = self.net
        for p, g in ((n.Wxh, n.dWxh), (n.Whh, n.dWhh), (n.bh, n.dbh), (n.Why, n.dWhy), (n.by, n.dby)):
            p -= self.lr * g


class ElmanRepaired:
    def __init__(self, d=3, h=16, c=3):
        g = np.random.RandomState(21)
        self.Wxh = 0.2 * g.randn(d, h)
        self.Whh = np.eye(h)
        self.bh = np.zeros(h)
        self.Why = 0.12 * g.randn(h, c)
        self.by = np.zeros(c)

    def forward(self, x):
        self.x = x
        self.h = [np.zeros((len(x), len(self.bh)))]
        for t in range(x.shape[1]):
            self.h.append(np.tanh(x[:, t] @ self.Wxh + self.h[-1] @ self.Whh + self.bh))
        return self.h[-1] @ self.Why + self.by

    def backward(self, do):
        self.dWhy, self.dby = self.h[-1].T @ do, do.sum(0)
        self.dWxh, self.dWhh, self.dbh = np.zeros_like(self.Wxh), np.zeros_like(self.Whh), np.zeros_like(self.bh)
        dx = np.zeros_like(self.x)
        dh = do @ self.Why.T
        for t in range(self.x.shape[1] - 1, -1, -1):
            da = dh * (1 - self.h[t + 1] ** 2)
            self.dWxh += self.x[:, t].T @ da
            self.dWhh += self.h[t].T @ da
            self.dbh += da.sum(0)
            dx[:, t] = da @ self.Wxh.T
            dh = da @ self.Whh.T
        return dx


class DescentRepaired:
    def __init__(self, net, lr):
        self.net, self.lr = net, lr

    def step(self):
        n = self.net
        for p, g in ((n.Wxh, n.dWxh), (n.Whh, n.dWhh), (n.bh, n.dbh), (n.Why, n.dWhy), (n.by, n.dby)):
            p -= self.lr * g


def faulty():
    x, y = series(120, 0)
    net = Elman()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": Descent(net, 0.004),
            "loss": (L, dL), "evaluation": series(60, 1), "learning_rate": 0.004, "batch_size": 12, "steps": 800}


def correct():
    x, y = series(120, 0)
    net = ElmanRepaired()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": DescentRepaired(net, 0.004),
            "loss": (L, dL), "evaluation": series(60, 1), "learning_rate": 0.004, "batch_size": 12, "steps": 800}
