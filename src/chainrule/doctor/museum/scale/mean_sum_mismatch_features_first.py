"""Two-layer network, columns are examples (course assignment).

Symptom: learns m times too slowly; doubling the batch halves the progress.
Repair: the cost's derivative already carries 1/m, so linear_backward must not divide again.
"""
import numpy as np

CODES = ("mean-sum-mismatch",)
PLACES = ("W1", "b1", "W2", "b2", "")


def cost(AL, Y):
    m = Y.shape[1]
    return np.sum((AL - Y) ** 2) / (2 * m)


def cost_derivative(AL, Y):
    return (AL - Y) / Y.shape[1]


def linear_backward(dZ, cache):
    A_prev, W = cache
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, np.sum(dZ, axis=1, keepdims=True) / m  # FAULT


class ShallowNet:
    def __init__(self, n_x, n_h, n_y):
        np.random.seed(2)
        self.parameters = {
            "W1": np.random.randn(n_h, n_x) * 0.5, "b1": np.random.randn(n_h, 1) * 0.1,
            "W2": np.random.randn(n_y, n_h) * 0.5, "b2": np.random.randn(n_y, 1) * 0.1,
        }
        self.grads = {}

    def forward(self, X):
        p = self.parameters
        A1 = np.tanh(p["W1"] @ X + p["b1"])
        A2 = p["W2"] @ A1 + p["b2"]
        self.caches = [(X, p["W1"]), (A1, p["W2"])]
        return A2

    def backward(self, dAL):
        dA1, self.grads["dW2"], self.grads["db2"] = linear_backward(dAL, self.caches[1])
        A1 = self.caches[1][0]
        dZ1 = dA1 * (1 - np.power(A1, 2))
        dX, self.grads["dW1"], self.grads["db1"] = linear_backward(dZ1, self.caches[0])
        return dX


def linear_backward_repaired(dZ, cache):
    A_prev, W = cache
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T, np.sum(dZ, axis=1, keepdims=True)


class ShallowNetRepaired:
    def __init__(self, n_x, n_h, n_y):
        np.random.seed(2)
        self.parameters = {
            "W1": np.random.randn(n_h, n_x) * 0.5, "b1": np.random.randn(n_h, 1) * 0.1,
            "W2": np.random.randn(n_y, n_h) * 0.5, "b2": np.random.randn(n_y, 1) * 0.1,
        }
        self.grads = {}

    def forward(self, X):
        p = self.parameters
        A1 = np.tanh(p["W1"] @ X + p["b1"])
        A2 = p["W2"] @ A1 + p["b2"]
        self.caches = [(X, p["W1"]), (A1, p["W2"])]
        return A2

    def backward(self, dAL):
        dA1, self.grads["dW2"], self.grads["db2"] = linear_backward_repaired(dAL, self.caches[1])
        A1 = self.caches[1][0]
        dZ1 = dA1 * (1 - np.power(A1, 2))
        dX, self.grads["dW1"], self.grads["db1"] = linear_backward_repaired(dZ1, self.caches[0])
        return dX


def _args(net):
    rs = np.random.RandomState(8)
    return {"subject": net, "inputs": (rs.randn(4, 6),), "loss": (cost, cost_derivative), "target": rs.randn(3, 6)}


def faulty():
    return _args(ShallowNet(4, 5, 3))


def correct():
    return _args(ShallowNetRepaired(4, 5, 3))
