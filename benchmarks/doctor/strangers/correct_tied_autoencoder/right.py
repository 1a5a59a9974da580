import numpy as np


def rmsprop(theta, grad, cache, lr, rho=0.95, eps=1e-6):
    for i in range(len(theta)):
        cache[i] = rho * cache[i] + (1 - rho) * grad[i] ** 2
        theta[i] -= lr * grad[i] / (np.sqrt(cache[i]) + eps)


class TiedAutoencoder:
    def __init__(self, n, k=6, lr=0.003, seed=0):
        rng = np.random.default_rng(seed)
        self.theta = [rng.normal(size=(n, k)) / np.sqrt(n), np.zeros(k), np.zeros(n)]
        self.cache = [np.zeros_like(t) for t in self.theta]
        self.lr = lr

    def encode(self, x):
        W, b, _ = self.theta
        return np.tanh(x @ W + b)

    def decode(self, h):
        W, _, c = self.theta
        return 1 / (1 + np.exp(-(h @ W.T + c)))

    def train_on_batch(self, x, y):
        W, b, c = self.theta
        h = self.encode(x)
        r = self.decode(h)
        loss = -np.mean(y * np.log(r) + (1 - y) * np.log(1 - r))
        dr = (r - y) / y.size
        dh = (dr @ W) * (1 - h ** 2)
        rmsprop(self.theta, [dr.T @ h + x.T @ dh, dh.sum(0), dr.sum(0)], self.cache, self.lr)
        return loss
