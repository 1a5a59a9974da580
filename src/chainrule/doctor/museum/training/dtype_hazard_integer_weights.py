"""Ternary-looking start: the first weight matrix is drawn with randint and stays an integer array.

Symptom: Ones become zeros after a step and never come back: every update is truncated.
Repair: Convert to float after drawing.
"""
import numpy as np

CODES = ('dtype-hazard',)
PLACES = ('W1', 'weights.W1', 'weights', '')

def stripes(n, seed):
    rng = np.random.RandomState(seed)
    x = rng.uniform(-1.5, 1.5, (n, 4))
    return x, (np.sin(1.2 * (x[:, 0] + x[:, 1])) > 0).astype(int) + (x[:, 2] > 0.5)


def ce(y, t):
    y = y - y.max(1, keepdims=True)
    return np.mean(np.log(np.exp(y).sum(1)) - y[np.arange(len(t)), t])


def ce_back(y, t):
    e = np.exp(y - y.max(1, keepdims=True))
    e /= e.sum(1, keepdims=True)
    e[np.arange(len(t)), t] -= 1
    return e / len(t)


class StripeNet:
    def __init__(self, d=4, h=16, c=3):
        rng = np.random.RandomState(6)
        self.weights = {"W1": rng.randint(-2, 3, (d, h)), "b1": rng.randn(h) * 0.5,  # FAULT
                        "W2": rng.randn(h, c) * 0.2, "b2": np.zeros(c)}
        self.gradients = {}

    def forward(self, x):
        self.x = x
        self.a = np.tanh(x @ self.weights["W1"] + self.weights["b1"])
        return self.a @ self.weights["W2"] + self.weights["b2"]

    def backward(self, dy):
        da = dy @ self.weights["W2"].T * (1 - self.a ** 2)
        self.gradients = {"W1": self.x.T @ da, "b1": da.sum(0), "W2": self.a.T @ dy, "b2": dy.sum(0)}
        return da @ self.weights["W1"].T


class Sgd:
    def __init__(self, net, rate):
        self.net, self.rate = net, rate

    def step(self):
        for k, w in self.net.weights.items():
            w[...] = w - self.rate * self.net.gradients[k]


class StripeNetRepaired:
    def __init__(self, d=4, h=16, c=3):
        rng = np.random.RandomState(6)
        self.weights = {"W1": rng.randint(-2, 3, (d, h)).astype(float), "b1": rng.randn(h) * 0.5,
                        "W2": rng.randn(h, c) * 0.2, "b2": np.zeros(c)}
        self.gradients = {}

    def forward(self, x):
        self.x = x
        self.a = np.tanh(x @ self.weights["W1"] + self.weights["b1"])
        return self.a @ self.weights["W2"] + self.weights["b2"]

    def backward(self, dy):
        da = dy @ self.weights["W2"].T * (1 - self.a ** 2)
        self.gradients = {"W1": self.x.T @ da, "b1": da.sum(0), "W2": self.a.T @ dy, "b2": dy.sum(0)}
        return da @ self.weights["W1"].T


class SgdRepaired:
    def __init__(self, net, rate):
        self.net, self.rate = net, rate

    def step(self):
        for k, w in self.net.weights.items():
            w[...] = w - self.rate * self.net.gradients[k]


def faulty():
    x, t = stripes(200, 0)
    net = StripeNet()
    return {"training_check": True, "subject": net, "x": x, "target": t, "optimizer": Sgd(net, 0.1),
            "loss": (ce, ce_back), "evaluation": stripes(80, 1), "learning_rate": 0.1, "batch_size": 20, "steps": 900}


def correct():
    x, t = stripes(200, 0)
    net = StripeNetRepaired()
    return {"training_check": True, "subject": net, "x": x, "target": t, "optimizer": SgdRepaired(net, 0.1),
            "loss": (ce, ce_back), "evaluation": stripes(80, 1), "learning_rate": 0.1, "batch_size": 20, "steps": 900}
