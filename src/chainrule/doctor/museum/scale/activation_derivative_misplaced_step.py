"""A recurrent layer that takes the tanh slope at the state before the step.

Symptom: gradients are plausible and wrong.
Repair: the slope belongs to the step's own output.
"""
import numpy as np

CODES = ("activation-derivative-misplaced",)
PLACES = ("x", "Wx", "Wh", "b", "", "U", "W")


class RNN:
    def __init__(self, d, h, rng):
        self.U = rng.normal(size=(d, h)) * 0.8
        self.W = rng.normal(size=(h, h)) * 0.6

    def forward(self, X):
        H = [np.zeros((X.shape[0], self.W.shape[0]))]
        for t in range(X.shape[1]):
            H.append(np.tanh(X[:, t] @ self.U + H[-1] @ self.W))
        self.X, self.H = X, H
        return np.stack(H[1:], axis=1)

    def backward(self, dH):
        T = dH.shape[1]
        self.U_grad, self.W_grad = np.zeros_like(self.U), np.zeros_like(self.W)
        dX, later = np.zeros_like(self.X), 0
        for t in range(T - 1, -1, -1):
            dz = (dH[:, t] + later) * (1 - self.H[t] ** 2)  # FAULT
            self.U_grad += self.X[:, t].T @ dz
            self.W_grad += self.H[t].T @ dz
            dX[:, t] = dz @ self.U.T
            later = dz @ self.W.T
        return dX


class RNNRepaired:
    def __init__(self, d, h, rng):
        self.U = rng.normal(size=(d, h)) * 0.8
        self.W = rng.normal(size=(h, h)) * 0.6

    def forward(self, X):
        H = [np.zeros((X.shape[0], self.W.shape[0]))]
        for t in range(X.shape[1]):
            H.append(np.tanh(X[:, t] @ self.U + H[-1] @ self.W))
        self.X, self.H = X, H
        return np.stack(H[1:], axis=1)

    def backward(self, dH):
        T = dH.shape[1]
        self.U_grad, self.W_grad = np.zeros_like(self.U), np.zeros_like(self.W)
        dX, later = np.zeros_like(self.X), 0
        for t in range(T - 1, -1, -1):
            dz = (dH[:, t] + later) * (1 - self.H[t + 1] ** 2)
            self.U_grad += self.X[:, t].T @ dz
            self.W_grad += self.H[t].T @ dz
            dX[:, t] = dz @ self.U.T
            later = dz @ self.W.T
        return dX


def faulty():
    rng = np.random.default_rng(123)
    return {"subject": RNN(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


def correct():
    rng = np.random.default_rng(123)
    return {"subject": RNNRepaired(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}
