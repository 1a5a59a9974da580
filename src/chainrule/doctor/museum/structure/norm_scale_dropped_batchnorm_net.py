"""deeplearning.ai-style net, examples in columns, batch norm between two linear layers; gamma as after some training.

Symptom: passes a gradient check at initialisation; later training gets sluggish.
Repair: dZhat = dY * gamma.
"""
import numpy as np

CODES = ("norm-scale-dropped",)
PLACES = ("bn",)


class LinearCols:
    def __init__(self, n_prev, n):
        self.W = np.random.randn(n, n_prev) * np.sqrt(2 / n_prev)
        self.b = np.zeros((n, 1))

    def linear_forward(self, A_prev):
        self.A_prev = A_prev
        return np.dot(self.W, A_prev) + self.b

    def linear_backward(self, dZ):
        self.dW = np.dot(dZ, self.A_prev.T)
        self.db = np.sum(dZ, axis=1, keepdims=True)
        return np.dot(self.W.T, dZ)


class BatchNormCols:
    def __init__(self, n):
        self.gamma, self.beta = np.ones((n, 1)), np.zeros((n, 1))

    def forward(self, Z):
        mu = np.mean(Z, axis=1, keepdims=True)
        self.inv_sigma = 1. / np.sqrt(np.var(Z, axis=1, keepdims=True) + 1e-8)
        self.Zhat = (Z - mu) * self.inv_sigma
        return self.gamma * self.Zhat + self.beta

    def backward(self, dY):
        m = dY.shape[1]
        self.dgamma = np.sum(dY * self.Zhat, axis=1, keepdims=True)
        self.dbeta = np.sum(dY, axis=1, keepdims=True)
        dZhat = dY  # FAULT
        return self.inv_sigma / m * (m * dZhat - np.sum(dZhat, axis=1, keepdims=True)
                                     - self.Zhat * np.sum(dZhat * self.Zhat, axis=1, keepdims=True))


class Model:
    def __init__(self, n_x=4, n_h=5, n_y=3):
        self.lin1 = LinearCols(n_x, n_h)
        self.bn = BatchNormCols(n_h)
        self.lin2 = LinearCols(n_h, n_y)

    def forward(self, X):
        self.A = np.tanh(self.bn.forward(self.lin1.linear_forward(X)))
        return self.lin2.linear_forward(self.A)

    def backward(self, dZ2):
        dA = self.lin2.linear_backward(dZ2)
        return self.lin1.linear_backward(self.bn.backward(dA * (1 - self.A ** 2)))


class LinearColsRepaired:
    def __init__(self, n_prev, n):
        self.W = np.random.randn(n, n_prev) * np.sqrt(2 / n_prev)
        self.b = np.zeros((n, 1))

    def linear_forward(self, A_prev):
        self.A_prev = A_prev
        return np.dot(self.W, A_prev) + self.b

    def linear_backward(self, dZ):
        self.dW = np.dot(dZ, self.A_prev.T)
        self.db = np.sum(dZ, axis=1, keepdims=True)
        return np.dot(self.W.T, dZ)


class BatchNormColsRepaired:
    def __init__(self, n):
        self.gamma, self.beta = np.ones((n, 1)), np.zeros((n, 1))

    def forward(self, Z):
        mu = np.mean(Z, axis=1, keepdims=True)
        self.inv_sigma = 1. / np.sqrt(np.var(Z, axis=1, keepdims=True) + 1e-8)
        self.Zhat = (Z - mu) * self.inv_sigma
        return self.gamma * self.Zhat + self.beta

    def backward(self, dY):
        m = dY.shape[1]
        self.dgamma = np.sum(dY * self.Zhat, axis=1, keepdims=True)
        self.dbeta = np.sum(dY, axis=1, keepdims=True)
        dZhat = dY * self.gamma
        return self.inv_sigma / m * (m * dZhat - np.sum(dZhat, axis=1, keepdims=True)
                                     - self.Zhat * np.sum(dZhat * self.Zhat, axis=1, keepdims=True))


class ModelRepaired:
    def __init__(self, n_x=4, n_h=5, n_y=3):
        self.lin1 = LinearColsRepaired(n_x, n_h)
        self.bn = BatchNormColsRepaired(n_h)
        self.lin2 = LinearColsRepaired(n_h, n_y)

    def forward(self, X):
        self.A = np.tanh(self.bn.forward(self.lin1.linear_forward(X)))
        return self.lin2.linear_forward(self.A)

    def backward(self, dZ2):
        dA = self.lin2.linear_backward(dZ2)
        return self.lin1.linear_backward(self.bn.backward(dA * (1 - self.A ** 2)))


def faulty():
    np.random.seed(2)
    net = Model()
    net.bn.gamma = np.array([[1.7], [0.4], [0.9], [2.2], [1.2]])
    net.bn.beta = np.array([[0.1], [-0.3], [0.2], [0.0], [0.5]])
    return {"subject": net, "inputs": (np.random.randn(4, 6),)}


def correct():
    np.random.seed(2)
    net = ModelRepaired()
    net.bn.gamma = np.array([[1.7], [0.4], [0.9], [2.2], [1.2]])
    net.bn.beta = np.array([[0.1], [-0.3], [0.2], [0.0], [0.5]])
    return {"subject": net, "inputs": (np.random.randn(4, 6),)}
