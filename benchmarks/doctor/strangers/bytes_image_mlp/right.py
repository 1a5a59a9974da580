import numpy as np


class ByteImageNet:
    """Takes 8-bit images (N, H, W) as they come from the file."""

    def __init__(self, h, w, hidden=18, classes=4, seed=0):
        rng = np.random.default_rng(seed)
        n = h * w
        self.theta = [rng.normal(size=(n, hidden)) * np.sqrt(2 / n), np.zeros(hidden),
                      rng.normal(size=(hidden, classes)) * np.sqrt(1 / hidden), np.zeros(classes)]

    def preprocess(self, images):
        return (images.astype(np.float64) - 128) / 64

    def step(self, x, target, learning_rate=0.05):
        W1, b1, W2, b2 = self.theta
        a0 = self.preprocess(x).reshape(len(x), -1)
        a1 = np.maximum(0, a0 @ W1 + b1)
        z = a1 @ W2 + b2
        z -= z.max(1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        loss = -np.log(p[range(len(x)), target] + 1e-300).mean()
        d2 = p.copy()
        d2[range(len(x)), target] -= 1
        d2 /= len(x)
        d1 = (d2 @ W2.T) * (a1 > 0)
        grads = [a0.T @ d1, d1.sum(0), a1.T @ d2, d2.sum(0)]
        self.theta = [t - learning_rate * g for t, g in zip(self.theta, grads)]
        return loss
