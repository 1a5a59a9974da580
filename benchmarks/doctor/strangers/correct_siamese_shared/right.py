"""Siamese network: one encoder, applied to both inputs.

Layers push what they need on a stack in forward and pop it in backward, so that a layer may be used
several times; parameter gradients add up until zero_grad() is called.
"""
import numpy as np


class Layer:
    def __init__(self):
        self._stack = []

    def params(self):
        return []


class Dense(Layer):
    def __init__(self, n_in, n_out, rng):
        super().__init__()
        self.W = rng.normal(0, np.sqrt(1 / n_in), (n_out, n_in))
        self.b = np.zeros(n_out)
        self.gW, self.gb = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self._stack.append(x)
        return x @ self.W.T + self.b

    def backward(self, d):
        x = self._stack.pop()
        self.gW += d.T @ x
        self.gb += d.sum(0)
        return d @ self.W

    def params(self):
        return [(self.W, self.gW), (self.b, self.gb)]


class Elu(Layer):
    def forward(self, x):
        y = np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
        self._stack.append(y)
        return y

    def backward(self, d):
        y = self._stack.pop()
        return d * np.where(y > 0, 1.0, y + 1.0)


class UnitNorm(Layer):
    """rows scaled to length one"""

    def forward(self, x):
        r = np.sqrt((x ** 2).sum(1, keepdims=True) + 1e-12)
        y = x / r
        self._stack.append((y, r))
        return y

    def backward(self, d):
        y, r = self._stack.pop()
        return (d - y * (d * y).sum(1, keepdims=True)) / r


class Siamese:
    """forward(left, right) -> cosine similarity (B,)"""

    def __init__(self, n_in=8, n_hidden=16, n_embed=5, seed=0):
        rng = np.random.default_rng(seed)
        self.encoder = [Dense(n_in, n_hidden, rng), Elu(), Dense(n_hidden, n_embed, rng), UnitNorm()]

    def encode(self, x):
        for layer in self.encoder:
            x = layer.forward(x)
        return x

    def encode_backward(self, d):
        for layer in reversed(self.encoder):
            d = layer.backward(d)
        return d

    def forward(self, left, right):
        for layer in self.encoder:
            layer._stack.clear()
        self.u = self.encode(left)
        self.v = self.encode(right)
        return (self.u * self.v).sum(1)

    def backward(self, ds):
        d_right = self.encode_backward(ds[:, None] * self.u)
        d_left = self.encode_backward(ds[:, None] * self.v)
        return d_left, d_right

    def params(self):
        return [p for layer in self.encoder for p in layer.params()]

    def zero_grad(self):
        for _, g in self.params():
            g.fill(0)


def contrastive(sim, same, margin=0.2):
    """same: 1 for pairs of one class, else 0"""
    hinge = np.maximum(sim - margin, 0)
    return np.mean(same * (1 - sim) ** 2 + (1 - same) * hinge ** 2)


def contrastive_grad(sim, same, margin=0.2):
    hinge = np.maximum(sim - margin, 0)
    return (-2 * same * (1 - sim) + 2 * (1 - same) * hinge) / len(sim)


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(4, 8))
    net = Siamese()
    for it in range(201):
        a, b = rng.integers(0, 4, (2, 64))
        left = centres[a] + 0.3 * rng.normal(size=(64, 8))
        right = centres[b] + 0.3 * rng.normal(size=(64, 8))
        same = (a == b).astype(float)
        net.zero_grad()
        sim = net.forward(left, right)
        net.backward(contrastive_grad(sim, same))
        for p, g in net.params():
            p -= 0.5 * g
        if it % 50 == 0:
            print(it, contrastive(sim, same))
