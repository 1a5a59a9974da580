"""Implicit representation with sine layers: fit a 1-D signal.

Symptom: The gradient grows by a constant factor with each layer that it goes down; the fit jitters and never settles.
Repair: Divide the initial range of the hidden weights by omega.
"""
import numpy as np

CODES = ('gradient-explodes',)
PLACES = ('Ws', 'Ws.0', 'layers', '')

def signal(n, seed):
    r = np.random.default_rng(seed)
    x = r.uniform(-1, 1, (n, 2))
    return x, np.stack([np.sin(2 * x[:, 0] + x[:, 1]), np.cos(x[:, 0] - 2 * x[:, 1])], 1)


def mse(y, t):
    return np.mean((y - t) ** 2)


def mse_grad(y, t):
    return 2 * (y - t) / y.size


class SineNet:
    omega = 6.0

    def __init__(self, sizes=(2, 14, 14, 14, 14, 14, 2), seed=0):
        r = np.random.default_rng(seed)
        self.Ws, self.bs = [], []
        for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
            lim = np.sqrt(6 / a) / (self.omega if i == 0 else 1)  # FAULT
            if i == len(sizes) - 2:
                lim = np.sqrt(1 / a)
            self.Ws.append(r.uniform(-lim, lim, (a, b)))
            self.bs.append(r.uniform(-0.1, 0.1, b))

    def forward(self, x):
        self.acts, self.pre = [x], []
        for i, (W, b) in enumerate(zip(self.Ws, self.bs)):
            z = self.acts[-1] @ W + b
            self.pre.append(z)
            self.acts.append(z if i == len(self.Ws) - 1 else np.sin(self.omega * z))
        return self.acts[-1]

    def backward(self, dy):
        self.dWs, self.dbs = [None] * len(self.Ws), [None] * len(self.Ws)
        for i in reversed(range(len(self.Ws))):
            if i < len(self.Ws) - 1:
                dy = dy * self.omega * np.cos(self.omega * self.pre[i])
            self.dWs[i], self.dbs[i] = self.acts[i].T @ dy, dy.sum(0)
            dy = dy @ self.Ws[i].T
        return dy


class GradientDescent:
    def __init__(self, net, lr):
        self.net, self.lr = net, lr

    def step(self):
        for W, b, dW, db in zip(self.net.Ws, self.net.bs, self.net.dWs, self.net.dbs):
            W -= self.lr * dW
            b -= self.lr * db


class SineNetRepaired:
    omega = 6.0

    def __init__(self, sizes=(2, 14, 14, 14, 14, 14, 2), seed=0):
        r = np.random.default_rng(seed)
        self.Ws, self.bs = [], []
        for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
            lim = np.sqrt(6 / a) / self.omega
            if i == len(sizes) - 2:
                lim = np.sqrt(1 / a)
            self.Ws.append(r.uniform(-lim, lim, (a, b)))
            self.bs.append(r.uniform(-0.1, 0.1, b))

    def forward(self, x):
        self.acts, self.pre = [x], []
        for i, (W, b) in enumerate(zip(self.Ws, self.bs)):
            z = self.acts[-1] @ W + b
            self.pre.append(z)
            self.acts.append(z if i == len(self.Ws) - 1 else np.sin(self.omega * z))
        return self.acts[-1]

    def backward(self, dy):
        self.dWs, self.dbs = [None] * len(self.Ws), [None] * len(self.Ws)
        for i in reversed(range(len(self.Ws))):
            if i < len(self.Ws) - 1:
                dy = dy * self.omega * np.cos(self.omega * self.pre[i])
            self.dWs[i], self.dbs[i] = self.acts[i].T @ dy, dy.sum(0)
            dy = dy @ self.Ws[i].T
        return dy


class GradientDescentRepaired:
    def __init__(self, net, lr):
        self.net, self.lr = net, lr

    def step(self):
        for W, b, dW, db in zip(self.net.Ws, self.net.bs, self.net.dWs, self.net.dbs):
            W -= self.lr * dW
            b -= self.lr * db


def faulty():
    x, t = signal(150, 0)
    net = SineNet()
    return {"training_check": True, "subject": net, "x": x, "target": t, "optimizer": GradientDescent(net, 5e-4),
            "loss": (mse, mse_grad), "evaluation": signal(60, 1), "learning_rate": 5e-4, "batch_size": 15, "steps": 800}


def correct():
    x, t = signal(150, 0)
    net = SineNetRepaired()
    return {"training_check": True, "subject": net, "x": x, "target": t, "optimizer": GradientDescentRepaired(net, 5e-4),
            "loss": (mse, mse_grad), "evaluation": signal(60, 1), "learning_rate": 5e-4, "batch_size": 15, "steps": 800}
