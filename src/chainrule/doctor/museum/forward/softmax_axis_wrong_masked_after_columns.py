"""Causal self-attention for one sequence, features in rows and time in columns.

Symptom: early positions get outputs close to zero; the training loss is better than what sampling delivers.
Repair: set the forbidden scores to minus infinity before the softmax instead of zeroing probabilities after it.
"""
import numpy as np

CODES = ("softmax-axis-wrong", "causal-leak")
PLACES = ("X", "A", "")


class causal_attention:
    def __init__(self, d=5, m=4, seed=0):
        np.random.seed(seed)
        self.Q = np.random.randn(m, d) * .6
        self.K = np.random.randn(m, d) * .6
        self.V = np.random.randn(d, d) * .6

    def forward(self, X):
        # X: (d, T)
        T = X.shape[1]
        self.X = X
        self.q, self.k, self.v = self.Q @ X, self.K @ X, self.V @ X
        S = self.k.T @ self.q / np.sqrt(len(self.q))            # S[key, query]
        self.keep = np.triu(np.ones((T, T)))                    # key <= query
        P = np.exp(S - S.max(axis=0))
        self.P = P / P.sum(axis=0)
        self.A = self.P * self.keep        # FAULT
        return self.v @ self.A

    def backward(self, dY):
        dA = self.v.T @ dY
        dv = dY @ self.A.T
        dP = dA * self.keep
        dS = self.P * (dP - (dP * self.P).sum(axis=0)) / np.sqrt(len(self.q))
        dq, dk = self.k @ dS, self.q @ dS.T
        self.dQ, self.dK, self.dV = dq @ self.X.T, dk @ self.X.T, dv @ self.X.T
        return self.Q.T @ dq + self.K.T @ dk + self.V.T @ dv


class causal_attention_repaired:
    def __init__(self, d=5, m=4, seed=0):
        np.random.seed(seed)
        self.Q = np.random.randn(m, d) * .6
        self.K = np.random.randn(m, d) * .6
        self.V = np.random.randn(d, d) * .6

    def forward(self, X):
        # X: (d, T)
        T = X.shape[1]
        self.X = X
        self.q, self.k, self.v = self.Q @ X, self.K @ X, self.V @ X
        S = self.k.T @ self.q / np.sqrt(len(self.q))            # S[key, query]
        self.keep = np.triu(np.ones((T, T)))                    # key <= query
        S = np.where(self.keep > 0, S, -np.inf)
        P = np.exp(S - S.max(axis=0))
        self.P = P / P.sum(axis=0)
        self.A = self.P
        return self.v @ self.A

    def backward(self, dY):
        dA = self.v.T @ dY
        dv = dY @ self.A.T
        dP = dA
        dS = self.P * (dP - (dP * self.P).sum(axis=0)) / np.sqrt(len(self.q))
        dq, dk = self.k @ dS, self.q @ dS.T
        self.dQ, self.dK, self.dV = dq @ self.X.T, dk @ self.X.T, dv @ self.X.T
        return self.Q.T @ dq + self.K.T @ dk + self.V.T @ dv


def faulty():
    return {"subject": causal_attention(), "inputs": (np.random.RandomState(3).randn(5, 6),), "intent": {"causal"}}


def correct():
    return {"subject": causal_attention_repaired(), "inputs": (np.random.RandomState(3).randn(5, 6),), "intent": {"causal"}}
