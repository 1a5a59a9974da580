import numpy as np


def sigma(a):
    return 1.0 / (1.0 + np.exp(-a))


class SkipGram:
    """word2vec: x = centre word ids (B,), target = (B, 1 + K) ids, the true context word and K noise words."""

    def __init__(self, vocab, dim, seed=0):
        rng = np.random.default_rng(seed)
        self.E = rng.normal(0, 0.3, (vocab, dim))
        self.O = rng.normal(0, 0.3, (vocab, dim))
        self.dE = np.zeros_like(self.E)
        self.dO = np.zeros_like(self.O)

    def _scores(self, x, target):
        return np.einsum("bd,bkd->bk", self.E[x], self.O[target])

    def loss(self, x, target):
        s = self._scores(x, target)
        s[:, 1:] *= -1
        return -np.log(sigma(s)).sum() / len(x)

    def gradients(self, x, target):
        g = sigma(self._scores(x, target))
        g[:, 0] -= 1
        g /= len(x)
        self.dE = np.zeros_like(self.E)
        self.dO = np.zeros_like(self.O)
        np.add.at(self.dE, x, np.einsum("bk,bkd->bd", g, self.O[target]))
        np.add.at(self.dO, target, g[:, :, None] * self.E[x][:, None, :])

    def step(self, x, target, learning_rate):
        loss = self.loss(x, target)
        self.gradients(x, target)
        for i in np.unique(x):
            self.E[i] -= learning_rate * self.dE[i]
        for i in np.unique(target):
            self.O[i] -= learning_rate * self.dO[i]
        return loss
