"""Siamese network for signature verification (course project, week 6)."""
import numpy as np


class Linear:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.uniform(-1, 1, (n_out, n_in)) * np.sqrt(6 / (n_in + n_out))
        self.b = rng.uniform(-0.1, 0.1, n_out)


class Encoder:
    """Two layers, tanh then linear. The context of the last call is in self.ctx."""

    def __init__(self, n_in, n_hidden, n_code, rng):
        self.l1 = Linear(n_in, n_hidden, rng)
        self.l2 = Linear(n_hidden, n_code, rng)
        self.ctx = None

    def forward(self, x):
        h = np.tanh(x @ self.l1.W.T + self.l1.b)
        self.ctx = (x, h)
        return h @ self.l2.W.T + self.l2.b

    def backward(self, dcode):
        x, h = self.ctx
        dh = dcode @ self.l2.W
        dz = dh * (1 - h ** 2)
        grads = [dz.T @ x, dz.sum(0), dcode.T @ h, dcode.sum(0)]
        return dz @ self.l1.W, grads


class Siamese:
    def __init__(self, n_in=6, n_hidden=5, n_code=3, seed=0):
        self.encoder = Encoder(n_in, n_hidden, n_code, np.random.default_rng(seed))

    def forward(self, left, right):
        a = self.encoder.forward(left)
        b = self.encoder.forward(right)
        self.diff = a - b
        self.dist = np.sqrt((self.diff ** 2).sum(axis=1) + 1e-8)
        return self.dist

    def backward(self, ddist):
        d = (ddist / self.dist)[:, None] * self.diff
        dright, g_right = self.encoder.backward(-d)
        dleft, g_left = self.encoder.backward(d)
        enc = self.encoder
        enc.l1.dW, enc.l1.db, enc.l2.dW, enc.l2.db = [u + v for u, v in zip(g_left, g_right)]
        return dleft, dright

    def update(self, lr):
        for layer in (self.encoder.l1, self.encoder.l2):
            layer.W -= lr * layer.dW
            layer.b -= lr * layer.db


MARGIN = 2.0


def contrastive(dist, same):
    """same = 1 for a genuine pair, 0 for a forgery"""
    gap = np.maximum(MARGIN - dist, 0)
    return np.mean(same * dist ** 2 + (1 - same) * gap ** 2)


def contrastive_grad(dist, same):
    gap = np.maximum(MARGIN - dist, 0)
    return 2 * (same * dist - (1 - same) * gap) / len(dist)


def make_pairs(n, rng):
    writer = rng.integers(0, 4, n)
    other = np.where(rng.random(n) < 0.5, writer, rng.integers(0, 4, n))
    centre = rng.normal(size=(4, 6)) * 2
    left = centre[writer] + rng.normal(size=(n, 6)) * 0.3
    right = centre[other] + rng.normal(size=(n, 6)) * 0.3
    return left, right, (writer == other).astype(float)


if __name__ == "__main__":
    rng = np.random.default_rng(3)
    left, right, same = make_pairs(200, rng)
    net = Siamese()
    for epoch in range(100):
        dist = net.forward(left, right)
        net.backward(contrastive_grad(dist, same))
        net.update(0.05)
        if epoch % 20 == 0:
            print(epoch, contrastive(dist, same))
