import numpy as np


class Nesterov:
    def __init__(self, mu=0.9):
        self.mu = mu
        self.v = {}

    def step(self, model, names, lr):
        for n in names:
            g = getattr(model, "d_" + n)
            v_prev = self.v.get(n, np.zeros_like(g))
            v = self.mu * v_prev - lr * g
            self.v[n] = v
            setattr(model, n, getattr(model, n) + self.mu * v - lr * g)


class RareEventNet:
    """Binary classifier for rare events: the output bias starts at the log-odds of the base rate."""

    def __init__(self, d, rate, h=8, seed=2):
        rng = np.random.default_rng(seed)
        self.W = rng.normal(size=(d, h)) / np.sqrt(d)
        self.b = np.zeros(h)
        self.u = rng.normal(size=h) * 0.2
        self.c = np.array([np.log(rate / (1 - rate))])
        self.opt = Nesterov()

    def step(self, x, target, learning_rate=0.1):
        h = np.tanh(x @ self.W + self.b)
        z = h @ self.u + self.c
        loss = np.mean(np.logaddexp(0, z) - target * z)
        d = (1 / (1 + np.exp(-z)) - target) / len(x)
        self.d_u, self.d_c = h.T @ d, d.sum(keepdims=True)
        dh = d[:, None] * self.u * (1 - h * h)
        self.d_W, self.d_b = x.T @ dh, dh.sum(0)
        self.opt.step(self, ("W", "b", "u", "c"), learning_rate)
        return loss
