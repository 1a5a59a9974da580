# Siamese network for pair matching: same encoder for both items, distance -> logistic.
import numpy as np


class AdamRule:
    def __init__(self, shape, alpha):
        self.alpha = alpha
        self.beta1, self.beta2, self.eps = 0.9, 0.999, 1e-8
        self.mom1 = np.zeros(shape)
        self.mom2 = np.zeros(shape)
        self.k = 0

    def delta(self, grad):
        self.k += 1
        self.mom1 = self.beta1 * self.mom1 + (1.0 - self.beta1) * grad
        self.mom2 = self.beta2 * self.mom2 + (1.0 - self.beta2) * grad ** 2
        m = self.mom1 / (1.0 - self.beta1 ** self.k)
        v = self.mom2 / (1.0 - self.beta2 ** self.k)
        return -self.alpha * m / (np.sqrt(v) + self.eps)


class SiameseNet:
    def __init__(self, nFeatures, nHidden=16, nCode=5, alpha=0.01):
        gen = np.random.default_rng(5)
        self.A = gen.normal(size=(nFeatures, nHidden)) / np.sqrt(nFeatures)
        self.a = np.zeros(nHidden)
        self.B = gen.normal(size=(nHidden, nCode)) / np.sqrt(nHidden)
        self.scale = np.array([-1.0, 1.0])
        self.names = ["A", "a", "B", "scale"]
        self.rules = {n: AdamRule(getattr(self, n).shape, alpha) for n in self.names}

    def trainOnBatch(self, pairs, same):
        n = len(pairs)
        left, right = pairs[:, 0], pairs[:, 1]
        hl, hr = np.tanh(left @ self.A + self.a), np.tanh(right @ self.A + self.a)
        diff = (hl - hr) @ self.B
        dist = (diff ** 2).mean(axis=1)
        logit = self.scale[0] * dist + self.scale[1]
        loss = np.mean(np.logaddexp(0.0, logit) - same * logit)

        dlogit = (1.0 / (1.0 + np.exp(-logit)) - same) / n
        g = {"scale": np.array([dlogit @ dist, dlogit.sum()])}
        ddiff = (dlogit * self.scale[0])[:, None] * 2.0 * diff / diff.shape[1]
        g["B"] = (hl - hr).T @ ddiff
        dh = ddiff @ self.B.T
        dl, dr = dh * (1 - hl ** 2), -dh * (1 - hr ** 2)
        g["A"] = left.T @ dl + right.T @ dr
        g["a"] = (dl + dr).sum(axis=0)
        for name in self.names:
            setattr(self, name, getattr(self, name) + self.rules[name].delta(g[name]))
        return loss

    train_on_batch = trainOnBatch
