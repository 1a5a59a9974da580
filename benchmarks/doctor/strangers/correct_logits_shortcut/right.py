import numpy as np


class LinearMap:
    def __init__(self, n, m, rng):
        self.W = rng.normal(0, n ** -0.5, (n, m))
        self.b = np.zeros(m)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, d):
        self.dW = self.x.T @ d
        self.db = d.sum(0)
        return d @ self.W.T


class Gaussian:
    """exp(-x^2) activation."""

    def forward(self, x):
        self.x = x
        self.y = np.exp(-x * x)
        return self.y

    def backward(self, d):
        return -2 * self.x * self.y * d


class Softmax:
    """Used together with `nll` only: the gradient that arrives is already that of the logits."""

    def forward(self, s):
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, d):
        return d


class Classifier:
    def __init__(self, d, h, k, seed=0):
        rng = np.random.default_rng(seed)
        self.layers = [LinearMap(d, h, rng), Gaussian(), LinearMap(h, k, rng), Softmax()]

    def forward(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def backward(self, d):
        for l in self.layers[::-1]:
            d = l.backward(d)
        return d


def nll(p, y):
    return -np.mean(np.log((p * y).sum(axis=1)))


def nll_delta(p, y):
    return (p - y) / len(p)
