"""A deep residual net on column vectors: the skips are there in forward only.

Symptom: the deeper the net, the slower the first layer learns, as if there were no skips at all.
Repair: in the loop over the blocks add the gradient that enters a block to the one that leaves it.
"""
import numpy as np

CODES = ("residual-gradient-missing",)
PLACES = ("X", "x", "W_in", "b_in", "params.W_in", "params.b_in", "params.W1", "params.b1",
          "params.W2", "params.b2", "W1", "b1", "W2", "b2", "")


class ResidualNet:
    """h0 = W_in x + b_in;  h_k = h_{k-1} + tanh(W_k h_{k-1} + b_k);  y = W_out h_n"""

    def __init__(self, n_in, n_hidden, n_out, n_blocks=3, seed=0):
        rng = np.random.default_rng(seed)
        self.n_blocks = n_blocks
        self.params = {
            "W_in": rng.standard_normal((n_hidden, n_in)) / np.sqrt(n_in),
            "b_in": np.zeros((n_hidden, 1)),
            "W_out": rng.standard_normal((n_out, n_hidden)) / np.sqrt(n_hidden),
        }
        for k in range(1, n_blocks + 1):
            self.params[f"W{k}"] = rng.standard_normal((n_hidden, n_hidden)) / np.sqrt(n_hidden)
            self.params[f"b{k}"] = np.zeros((n_hidden, 1))
        self.grads = {}

    def forward(self, X):
        p = self.params
        self.X = X
        self.H = [p["W_in"] @ X + p["b_in"]]
        self.T = [None]
        for k in range(1, self.n_blocks + 1):
            t = np.tanh(p[f"W{k}"] @ self.H[-1] + p[f"b{k}"])
            self.T.append(t)
            self.H.append(self.H[-1] + t)
        return p["W_out"] @ self.H[-1]

    def backward(self, dY):
        p, g = self.params, self.grads
        g["W_out"] = dY @ self.H[-1].T
        dH = p["W_out"].T @ dY
        for k in range(self.n_blocks, 0, -1):
            dZ = dH * (1 - self.T[k] ** 2)
            g[f"W{k}"] = dZ @ self.H[k - 1].T
            g[f"b{k}"] = dZ.sum(axis=1, keepdims=True)
            dH = p[f"W{k}"].T @ dZ  # FAULT
        g["W_in"] = dH @ self.X.T
        g["b_in"] = dH.sum(axis=1, keepdims=True)
        return p["W_in"].T @ dH


class ResidualNetRepaired:
    """h0 = W_in x + b_in;  h_k = h_{k-1} + tanh(W_k h_{k-1} + b_k);  y = W_out h_n"""

    def __init__(self, n_in, n_hidden, n_out, n_blocks=3, seed=0):
        rng = np.random.default_rng(seed)
        self.n_blocks = n_blocks
        self.params = {
            "W_in": rng.standard_normal((n_hidden, n_in)) / np.sqrt(n_in),
            "b_in": np.zeros((n_hidden, 1)),
            "W_out": rng.standard_normal((n_out, n_hidden)) / np.sqrt(n_hidden),
        }
        for k in range(1, n_blocks + 1):
            self.params[f"W{k}"] = rng.standard_normal((n_hidden, n_hidden)) / np.sqrt(n_hidden)
            self.params[f"b{k}"] = np.zeros((n_hidden, 1))
        self.grads = {}

    def forward(self, X):
        p = self.params
        self.X = X
        self.H = [p["W_in"] @ X + p["b_in"]]
        self.T = [None]
        for k in range(1, self.n_blocks + 1):
            t = np.tanh(p[f"W{k}"] @ self.H[-1] + p[f"b{k}"])
            self.T.append(t)
            self.H.append(self.H[-1] + t)
        return p["W_out"] @ self.H[-1]

    def backward(self, dY):
        p, g = self.params, self.grads
        g["W_out"] = dY @ self.H[-1].T
        dH = p["W_out"].T @ dY
        for k in range(self.n_blocks, 0, -1):
            dZ = dH * (1 - self.T[k] ** 2)
            g[f"W{k}"] = dZ @ self.H[k - 1].T
            g[f"b{k}"] = dZ.sum(axis=1, keepdims=True)
            dH = dH + p[f"W{k}"].T @ dZ
        g["W_in"] = dH @ self.X.T
        g["b_in"] = dH.sum(axis=1, keepdims=True)
        return p["W_in"].T @ dH


def faulty():
    X = np.random.default_rng(3).standard_normal((3, 7))
    return {"subject": ResidualNet(n_in=3, n_hidden=5, n_out=2), "inputs": (X,)}


def correct():
    X = np.random.default_rng(3).standard_normal((3, 7))
    return {"subject": ResidualNetRepaired(n_in=3, n_hidden=5, n_out=2), "inputs": (X,)}
