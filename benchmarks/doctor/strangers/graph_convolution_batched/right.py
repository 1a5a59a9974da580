import numpy as np


def normalise(A):
    A = A + np.eye(len(A))
    d = 1.0 / np.sqrt(A.sum(axis=1))
    return d[:, None] * A * d[None, :]


class GraphConv:
    """Kipf & Welling layer: H' = tanh(S H Theta + b), a fixed graph, a batch of node signals (B, N, F)."""

    def __init__(self, A, f_in, f_out, seed=0):
        rng = np.random.default_rng(seed)
        lim = np.sqrt(6 / (f_in + f_out))
        self.S = normalise(np.asarray(A, float))
        self.Theta = rng.uniform(-lim, lim, (f_in, f_out))
        self.b = np.zeros(f_out)

    def forward(self, H):
        self.SH = np.einsum("nm,bmf->bnf", self.S, H)
        self.out = np.tanh(self.SH @ self.Theta + self.b)
        return self.out

    def backward(self, dout, lr):
        dz = dout * (1 - self.out ** 2)
        gTheta = np.einsum("bnf,bng->fg", self.SH, dz)
        gb = dz.sum(axis=(0, 1))
        dSH = dz @ self.Theta.T
        self.Theta -= lr * gTheta
        self.b -= lr * gb
        return np.einsum("mn,bmf->bnf", self.S, dSH)


def ring(n):
    A = np.zeros((n, n))
    for i in range(n):
        A[i, (i + 1) % n] = A[(i + 1) % n, i] = 1
    return A
