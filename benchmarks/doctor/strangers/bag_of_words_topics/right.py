import numpy as np


class TopicNet:
    """Word counts -> rectified layer -> class scores, softmax cross-entropy."""

    def __init__(self, n_words, n_hidden, n_classes, seed=0):
        rng = np.random.default_rng(seed)
        self.W1 = np.sqrt(3 / n_words) * (2 * rng.random((n_words, n_hidden)) - 1.0)
        self.b1 = np.zeros(n_hidden)
        self.W2 = rng.normal(0, n_hidden ** -0.5, (n_hidden, n_classes))
        self.b2 = np.zeros(n_classes)

    def forward(self, x):
        self.x = x
        self.z = x @ self.W1 + self.b1
        self.h = np.maximum(self.z, 0)
        return self.h @ self.W2 + self.b2

    def backward(self, ds):
        self.dW2, self.db2 = self.h.T @ ds, ds.sum(axis=0)
        dz = (ds @ self.W2.T) * (self.z > 0)
        self.dW1, self.db1 = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.W1.T

    def loss(self, x, y):
        s = self.forward(x)
        s = s - s.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y])

    def step(self, x, y, learning_rate):
        value = self.loss(x, y)
        s = self.forward(x)
        p = np.exp(s - s.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        for name in ("W1", "b1", "W2", "b2"):
            getattr(self, name)[...] -= learning_rate * getattr(self, "d" + name)
        return value
