# Ported from my MATLAB scripts: one column per sample, features along the rows.
import numpy as np


def gruppennorm_vor(X, gamma, beta, G):
    """X: (D, N).  Rows are split in G groups, each group of each column is normalised."""
    D, N = X.shape
    Z = X.reshape(G, D // G, N)
    mu = Z.mean(axis=1, keepdims=True)
    Zc = Z - mu
    sig = np.sqrt((Zc ** 2).mean(axis=1, keepdims=True) + 1e-5)
    Zn = Zc / sig
    Y = gamma * Zn.reshape(D, N) + beta
    return Y, (Zn, sig, gamma, G)


def gruppennorm_rueck(dY, speicher):
    Zn, sig, gamma, G = speicher
    D, N = dY.shape
    dgamma = (dY * Zn.reshape(D, N)).sum(axis=1, keepdims=True)
    dbeta = dY.sum(axis=1, keepdims=True)
    dZ = (gamma * dY).reshape(G, D // G, N)
    m1 = dZ.mean(axis=1, keepdims=True)
    m2 = (dZ * Zn).mean(axis=1, keepdims=True)
    dX = (dZ - m1 - Zn * m2) / sig
    return dX.reshape(D, N), dgamma, dbeta


class GruppenNorm:
    def __init__(self, D, G=2):
        self.G = G
        self.gamma = np.ones((D, 1))
        self.beta = np.zeros((D, 1))

    def forward(self, X):
        Y, self.speicher = gruppennorm_vor(X, self.gamma, self.beta, self.G)
        return Y

    def backward(self, dY):
        dX, self.dgamma, self.dbeta = gruppennorm_rueck(dY, self.speicher)
        return dX


if __name__ == "__main__":
    X = np.random.default_rng(0).normal(2, 3, (12, 5))
    n = GruppenNorm(12, 3)
    print(n.forward(X).mean(), n.backward(np.ones((12, 5))).max())
