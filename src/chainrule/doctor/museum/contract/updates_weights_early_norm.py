"""Layer normalization inside a feed-forward block; the layers take the learning rate in backward.

Symptom: the gradient check of the block fails by an amount that grows with the learning rate.
Repair: scale the upstream gradient by gamma first, and update gamma afterwards.
"""
import numpy as np

CODES = ("updates-weights-early",)
PLACES = ("norm", "x", "gamma", "norm.gamma", "norm.x")


class Projection:
    def __init__(self, inputs, outputs, rng):
        self.weights = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
        self.offset = rng.normal(size=outputs) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.offset

    def backward(self, dy, lr):
        dx = dy @ self.weights.T
        self.weights -= lr * np.tensordot(self.x, dy, axes=((0, 1), (0, 1)))
        self.offset -= lr * dy.sum(axis=(0, 1))
        return dx


class LayerNorm:
    def __init__(self, features, rng, eps=1e-6):
        self.gamma = rng.uniform(0.5, 1.5, size=features)
        self.beta = rng.normal(size=features)
        self.eps = eps

    def forward(self, x):
        centered = x - x.mean(-1, keepdims=True)
        self.std = np.sqrt((centered ** 2).mean(-1, keepdims=True) + self.eps)
        self.normalized = centered / self.std
        return self.gamma * self.normalized + self.beta

    def backward(self, dy, lr):
        dgamma = (dy * self.normalized).sum(axis=(0, 1))
        dbeta = dy.sum(axis=(0, 1))
        self.gamma -= lr * dgamma  # FAULT
        self.beta -= lr * dbeta
        dn = dy * self.gamma
        mean = dn.mean(-1, keepdims=True)
        slope = (dn * self.normalized).mean(-1, keepdims=True)
        return (dn - mean - self.normalized * slope) / self.std


class FeedForwardBlock:
    """y = x + W2 tanh(W1 norm(x))"""

    def __init__(self, features, hidden, rng):
        self.norm = LayerNorm(features, rng)
        self.expand = Projection(features, hidden, rng)
        self.contract = Projection(hidden, features, rng)

    def forward(self, x):
        self.hidden = np.tanh(self.expand.forward(self.norm.forward(x)))
        return x + self.contract.forward(self.hidden)

    def backward(self, dy, lr):
        dhidden = self.contract.backward(dy, lr) * (1 - self.hidden ** 2)
        return dy + self.norm.backward(self.expand.backward(dhidden, lr), lr)


class LayerNormRepaired:
    def __init__(self, features, rng, eps=1e-6):
        self.gamma = rng.uniform(0.5, 1.5, size=features)
        self.beta = rng.normal(size=features)
        self.eps = eps

    def forward(self, x):
        centered = x - x.mean(-1, keepdims=True)
        self.std = np.sqrt((centered ** 2).mean(-1, keepdims=True) + self.eps)
        self.normalized = centered / self.std
        return self.gamma * self.normalized + self.beta

    def backward(self, dy, lr):
        dgamma = (dy * self.normalized).sum(axis=(0, 1))
        dbeta = dy.sum(axis=(0, 1))
        dn = dy * self.gamma
        self.gamma -= lr * dgamma
        self.beta -= lr * dbeta
        mean = dn.mean(-1, keepdims=True)
        slope = (dn * self.normalized).mean(-1, keepdims=True)
        return (dn - mean - self.normalized * slope) / self.std


class FeedForwardBlockRepaired:
    """y = x + W2 tanh(W1 norm(x))"""

    def __init__(self, features, hidden, rng):
        self.norm = LayerNormRepaired(features, rng)
        self.expand = Projection(features, hidden, rng)
        self.contract = Projection(hidden, features, rng)

    def forward(self, x):
        self.hidden = np.tanh(self.expand.forward(self.norm.forward(x)))
        return x + self.contract.forward(self.hidden)

    def backward(self, dy, lr):
        dhidden = self.contract.backward(dy, lr) * (1 - self.hidden ** 2)
        return dy + self.norm.backward(self.expand.backward(dhidden, lr), lr)


def faulty():
    rng = np.random.default_rng(21)
    return {"subject": FeedForwardBlock(5, 7, rng), "inputs": (rng.normal(size=(2, 3, 5)),)}


def correct():
    rng = np.random.default_rng(21)
    return {"subject": FeedForwardBlockRepaired(5, 7, rng), "inputs": (rng.normal(size=(2, 3, 5)),)}
