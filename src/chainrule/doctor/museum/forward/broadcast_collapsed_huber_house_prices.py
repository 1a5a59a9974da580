"""House prices: two-layer regressor with Huber loss (Kaggle notebook).

Symptom: every prediction converges to the mean price, the loss stops at the spread of the targets.
Repair: the network returns (B, 1) and the targets are (B,); bring them to one shape before subtracting.
"""
import numpy as np

CODES = ("broadcast-collapsed",)
PLACES = ("loss", "")


class PriceNet:
    def __init__(self, n_features=5, n_hidden=7):
        rs = np.random.RandomState(99)
        self.l1 = {"W": rs.randn(n_features, n_hidden) * 0.5, "b": rs.randn(n_hidden) * 0.1}
        self.l2 = {"W": rs.randn(n_hidden, 1) * 0.5, "b": rs.randn(1) * 0.1}

    def forward(self, X):
        self.X = X
        self.H = np.tanh(X @ self.l1["W"] + self.l1["b"])
        return self.H @ self.l2["W"] + self.l2["b"]

    def backward(self, d_pred):
        self.l2["dW"] = self.H.T @ d_pred
        self.l2["db"] = d_pred.sum(axis=0)
        dZ = (d_pred @ self.l2["W"].T) * (1 - self.H ** 2)
        self.l1["dW"] = self.X.T @ dZ
        self.l1["db"] = dZ.sum(axis=0)
        return dZ @ self.l1["W"].T


def huber(pred, y, delta=1.0):
    r = pred - y        # FAULT
    small = np.abs(r) <= delta
    return np.mean(np.where(small, 0.5 * r ** 2, delta * (np.abs(r) - 0.5 * delta)))


def huber_grad(pred, y, delta=1.0):
    r = pred - y
    g = np.clip(r, -delta, delta) / r.size
    return g.sum(axis=1, keepdims=True)


class PriceNetRepaired:
    def __init__(self, n_features=5, n_hidden=7):
        rs = np.random.RandomState(99)
        self.l1 = {"W": rs.randn(n_features, n_hidden) * 0.5, "b": rs.randn(n_hidden) * 0.1}
        self.l2 = {"W": rs.randn(n_hidden, 1) * 0.5, "b": rs.randn(1) * 0.1}

    def forward(self, X):
        self.X = X
        self.H = np.tanh(X @ self.l1["W"] + self.l1["b"])
        return self.H @ self.l2["W"] + self.l2["b"]

    def backward(self, d_pred):
        self.l2["dW"] = self.H.T @ d_pred
        self.l2["db"] = d_pred.sum(axis=0)
        dZ = (d_pred @ self.l2["W"].T) * (1 - self.H ** 2)
        self.l1["dW"] = self.X.T @ dZ
        self.l1["db"] = dZ.sum(axis=0)
        return dZ @ self.l1["W"].T


def huber_repaired(pred, y, delta=1.0):
    r = pred - y.reshape(pred.shape)
    small = np.abs(r) <= delta
    return np.mean(np.where(small, 0.5 * r ** 2, delta * (np.abs(r) - 0.5 * delta)))


def huber_grad_repaired(pred, y, delta=1.0):
    r = pred - y.reshape(pred.shape)
    g = np.clip(r, -delta, delta) / r.size
    return g.sum(axis=1, keepdims=True)


def _data():
    rs = np.random.RandomState(1)
    X = rs.randn(6, 5)
    return X, X[:, 0] * 2 - X[:, 3] + 0.3 * rs.randn(6)


def faulty():
    X, y = _data()
    return {"subject": PriceNet(), "inputs": (X,), "loss": (huber, huber_grad), "target": y}


def correct():
    X, y = _data()
    return {"subject": PriceNetRepaired(), "inputs": (X,), "loss": (huber_repaired, huber_grad_repaired), "target": y}
