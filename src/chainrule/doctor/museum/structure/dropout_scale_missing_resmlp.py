"""Residual MLP for tabular data; inverted dropout at the end of each branch (global numpy rng).

Symptom: with dropout 0 all is well; with dropout 0.5 the branches train at half speed.
Repair: multiply by mask / keep in both directions.
"""
import numpy as np

CODES = ("dropout-scale-missing",)
PLACES = ("blocks.0.drop", "blocks.1.drop")


class Dropout:
    def __init__(self, p):
        self.p = p

    def forward(self, h, train):
        if not train:
            self.mask = None
            return h
        keep = 1 - self.p
        self.mask = np.random.binomial(1, keep, size=h.shape)
        return h * self.mask / keep

    def backward(self, dh):
        if self.mask is None:
            return dh
        return dh * self.mask  # FAULT


class Block:
    def __init__(self, d, hidden, p):
        self.W1 = np.random.randn(d, hidden) / np.sqrt(d)
        self.W2 = np.random.randn(hidden, d) / np.sqrt(hidden)
        self.drop = Dropout(p)

    def forward(self, x, train):
        self.x = x
        self.h = np.tanh(x @ self.W1)
        return x + self.drop.forward(self.h @ self.W2, train)

    def backward(self, dy):
        d = self.drop.backward(dy)
        self.gW2 = self.h.T @ d
        d = (d @ self.W2.T) * (1 - self.h ** 2)
        self.gW1 = self.x.T @ d
        return dy + d @ self.W1.T


class ResMLP:
    def __init__(self, d=6, hidden=8, depth=2, p=0.4):
        self.blocks = [Block(d, hidden, p) for _ in range(depth)]
        self.w_out = np.random.randn(d, 1)

    def forward(self, x, train=False):
        for b in self.blocks:
            x = b.forward(x, train)
        self.last = x
        return x @ self.w_out

    def backward(self, dy):
        self.gw_out = self.last.T @ dy
        d = dy @ self.w_out.T
        for b in reversed(self.blocks):
            d = b.backward(d)
        return d


class DropoutRepaired:
    def __init__(self, p):
        self.p = p

    def forward(self, h, train):
        if not train:
            self.mask = None
            return h
        keep = 1 - self.p
        self.mask = np.random.binomial(1, keep, size=h.shape)
        return h * self.mask / keep

    def backward(self, dh):
        if self.mask is None:
            return dh
        return dh * self.mask / (1 - self.p)


class BlockRepaired:
    def __init__(self, d, hidden, p):
        self.W1 = np.random.randn(d, hidden) / np.sqrt(d)
        self.W2 = np.random.randn(hidden, d) / np.sqrt(hidden)
        self.drop = DropoutRepaired(p)

    def forward(self, x, train):
        self.x = x
        self.h = np.tanh(x @ self.W1)
        return x + self.drop.forward(self.h @ self.W2, train)

    def backward(self, dy):
        d = self.drop.backward(dy)
        self.gW2 = self.h.T @ d
        d = (d @ self.W2.T) * (1 - self.h ** 2)
        self.gW1 = self.x.T @ d
        return dy + d @ self.W1.T


class ResMLPRepaired:
    def __init__(self, d=6, hidden=8, depth=2, p=0.4):
        self.blocks = [BlockRepaired(d, hidden, p) for _ in range(depth)]
        self.w_out = np.random.randn(d, 1)

    def forward(self, x, train=False):
        for b in self.blocks:
            x = b.forward(x, train)
        self.last = x
        return x @ self.w_out

    def backward(self, dy):
        self.gw_out = self.last.T @ dy
        d = dy @ self.w_out.T
        for b in reversed(self.blocks):
            d = b.backward(d)
        return d


def faulty():
    np.random.seed(17)
    return {"subject": ResMLP(), "inputs": (np.random.randn(5, 6),), "forward_kwargs": {"train": True}}


def correct():
    np.random.seed(17)
    return {"subject": ResMLPRepaired(), "inputs": (np.random.randn(5, 6),), "forward_kwargs": {"train": True}}
