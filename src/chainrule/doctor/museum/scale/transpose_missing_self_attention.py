"""Single-head self-attention on one sequence (blog post).

Symptom: the key projection does not learn; loss a little worse than the reference.
Repair: dK = dS.T @ Q; the score matrix is (T, T), so NumPy does not complain.
"""
import numpy as np

CODES = ("transpose-missing",)
PLACES = ("Wk", "X", "x", "")


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class SelfAttention:
    def __init__(self, d_model, d_k, d_v):
        rng = np.random.default_rng(6)
        self.Wq = rng.standard_normal((d_model, d_k)) * 0.6
        self.Wk = rng.standard_normal((d_model, d_k)) * 0.6
        self.Wv = rng.standard_normal((d_model, d_v)) * 0.6
        self.scale = 1 / np.sqrt(d_k)

    def forward(self, X):
        self.X = X
        self.Q, self.K, self.V = X @ self.Wq, X @ self.Wk, X @ self.Wv
        self.A = softmax(self.Q @ self.K.T * self.scale)
        return self.A @ self.V

    def backward(self, dO):
        dV = self.A.T @ dO
        dA = dO @ self.V.T
        dS = self.A * (dA - np.sum(dA * self.A, axis=-1, keepdims=True)) * self.scale
        dQ = dS @ self.K
        dK = dS @ self.Q  # FAULT
        self.dWq = self.X.T @ dQ
        self.dWk = self.X.T @ dK
        self.dWv = self.X.T @ dV
        return dQ @ self.Wq.T + dK @ self.Wk.T + dV @ self.Wv.T


class SelfAttentionRepaired:
    def __init__(self, d_model, d_k, d_v):
        rng = np.random.default_rng(6)
        self.Wq = rng.standard_normal((d_model, d_k)) * 0.6
        self.Wk = rng.standard_normal((d_model, d_k)) * 0.6
        self.Wv = rng.standard_normal((d_model, d_v)) * 0.6
        self.scale = 1 / np.sqrt(d_k)

    def forward(self, X):
        self.X = X
        self.Q, self.K, self.V = X @ self.Wq, X @ self.Wk, X @ self.Wv
        self.A = softmax(self.Q @ self.K.T * self.scale)
        return self.A @ self.V

    def backward(self, dO):
        dV = self.A.T @ dO
        dA = dO @ self.V.T
        dS = self.A * (dA - np.sum(dA * self.A, axis=-1, keepdims=True)) * self.scale
        dQ = dS @ self.K
        dK = dS.T @ self.Q
        self.dWq = self.X.T @ dQ
        self.dWk = self.X.T @ dK
        self.dWv = self.X.T @ dV
        return dQ @ self.Wq.T + dK @ self.Wk.T + dV @ self.Wv.T


def _x():
    return (np.random.default_rng(10).standard_normal((5, 6)),)


def faulty():
    return {"subject": SelfAttention(6, 3, 4), "inputs": _x()}


def correct():
    return {"subject": SelfAttentionRepaired(6, 3, 4), "inputs": _x()}
