"""Gaussian RBF network with a hold-out split."""
import numpy as np


def holdout(X, y, share=0.25, seed=0):
    order = np.random.default_rng(seed).permutation(len(X))
    n_test = int(share * len(X))
    train = order[:-n_test]
    test = order[:n_test]
    return X[train], y[train], X[test], y[test]


class RBFNet:
    def __init__(self, d, n_centres=15, classes=2, seed=5):
        g = np.random.default_rng(seed)
        self.C = g.normal(size=(n_centres, d)) * 1.2
        self.logwidth = np.zeros(n_centres)
        self.V = g.normal(size=(n_centres, classes)) * 0.3
        self.c = np.zeros(classes)

    def forward(self, X):
        self.X = X
        self.diff = X[:, None, :] - self.C[None]
        self.sq = (self.diff ** 2).sum(-1)
        self.inv = np.exp(-2 * self.logwidth)
        self.k = np.exp(-0.5 * self.sq * self.inv)
        return self.k @ self.V + self.c

    def backward(self, dz):
        self.gV = self.k.T @ dz
        self.gc = dz.sum(0)
        dk = (dz @ self.V.T) * self.k
        self.glogwidth = (dk * self.sq * self.inv).sum(0)
        w = dk * self.inv
        self.gC = np.einsum("nk,nkd->kd", w, self.diff)
        return -np.einsum("nk,nkd->nd", w, self.diff)

    def step(self, x, target, learning_rate):
        z = self.forward(x)
        z = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
        rows = np.arange(len(x))
        loss = -z[rows, target].mean()
        dz = np.exp(z)
        dz[rows, target] -= 1
        self.backward(dz / len(x))
        self.V -= learning_rate * self.gV
        self.c -= learning_rate * self.gc
        self.C -= learning_rate * self.gC
        self.logwidth -= learning_rate * self.glogwidth
        return loss
