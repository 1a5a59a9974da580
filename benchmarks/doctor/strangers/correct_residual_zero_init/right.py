"""Residual MLP whose branches start at zero, with a decaying learning rate."""
import numpy as np


class Block:
    def __init__(self, d, h, rng):
        self.W1 = rng.normal(size=(d, h)) * np.sqrt(2 / d)
        self.b1 = np.zeros(h)
        self.W2 = np.zeros((h, d))
        self.b2 = np.zeros(d)

    def forward(self, x):
        self.x = x
        self.a = np.maximum(x @ self.W1 + self.b1, 0)
        return x + self.a @ self.W2 + self.b2

    def backward(self, dy):
        self.gW2, self.gb2 = self.a.T @ dy, dy.sum(0)
        da = (dy @ self.W2.T) * (self.a > 0)
        self.gW1, self.gb1 = self.x.T @ da, da.sum(0)
        return dy + da @ self.W1.T

    def sgd(self, lr):
        for n in ("W1", "b1", "W2", "b2"):
            getattr(self, n)[...] -= lr * getattr(self, "g" + n)


class ResidualMLP:
    def __init__(self, d_in, d=8, blocks=3, seed=0):
        rng = np.random.default_rng(seed)
        self.stem = rng.normal(size=(d_in, d)) / np.sqrt(d_in)
        self.blocks = [Block(d, 12, rng) for _ in range(blocks)]
        self.head = rng.normal(size=(d, 1)) / np.sqrt(d)
        self.updates = 0

    def forward(self, x):
        self.x = x
        z = x @ self.stem
        for b in self.blocks:
            z = b.forward(z)
        self.z = z
        return z @ self.head

    def step(self, x, target, learning_rate):
        y = self.forward(x)
        e = y - target
        d = 2 * e / e.size
        ghead = self.z.T @ d
        g = d @ self.head.T
        for b in reversed(self.blocks):
            g = b.backward(g)
        lr = learning_rate / (1 + 0.01 * self.updates)
        self.updates += 1
        self.head -= lr * ghead
        self.stem -= lr * self.x.T @ g
        for b in self.blocks:
            b.sgd(lr)
        return np.mean(e ** 2)
