"""Highway layer in the course style: one example per column, biases of shape (n, 1).

Symptom: after b_t = b_t - alpha * db_t the bias has become an (n, n) matrix.
Repair: keepdims=True in the sum, so that db_t is (n, 1) like b_t.
"""
import numpy as np
CODES = ("gradient-shape-wrong",)
PLACES = ("b_t", "db_t", "")


def highway_forward(X, W_h, b_h, W_t, b_t):
    H = np.tanh(np.dot(W_h, X) + b_h)
    T = 1 / (1 + np.exp(-(np.dot(W_t, X) + b_t)))
    Y = T * H + (1 - T) * X
    cache = {"X": X, "W_h": W_h, "W_t": W_t, "H": H, "T": T}
    return Y, cache


def highway_backward(dY, cache):
    X, H, T = cache["X"], cache["H"], cache["T"]
    dZ_h = dY * T * (1 - H ** 2)
    dZ_t = dY * (H - X) * T * (1 - T)
    grads = {}
    grads["dW_h"] = np.dot(dZ_h, X.T)
    grads["db_h"] = np.sum(dZ_h, axis=1, keepdims=True)
    grads["dW_t"] = np.dot(dZ_t, X.T)
    grads["db_t"] = np.sum(dZ_t, axis=1)  # FAULT
    grads["dX"] = np.dot(cache["W_h"].T, dZ_h) + np.dot(cache["W_t"].T, dZ_t) + dY * (1 - T)
    return grads


def highway_forward_repaired(X, W_h, b_h, W_t, b_t):
    H = np.tanh(np.dot(W_h, X) + b_h)
    T = 1 / (1 + np.exp(-(np.dot(W_t, X) + b_t)))
    Y = T * H + (1 - T) * X
    cache = {"X": X, "W_h": W_h, "W_t": W_t, "H": H, "T": T}
    return Y, cache


def highway_backward_repaired(dY, cache):
    X, H, T = cache["X"], cache["H"], cache["T"]
    dZ_h = dY * T * (1 - H ** 2)
    dZ_t = dY * (H - X) * T * (1 - T)
    grads = {}
    grads["dW_h"] = np.dot(dZ_h, X.T)
    grads["db_h"] = np.sum(dZ_h, axis=1, keepdims=True)
    grads["dW_t"] = np.dot(dZ_t, X.T)
    grads["db_t"] = np.sum(dZ_t, axis=1, keepdims=True)
    grads["dX"] = np.dot(cache["W_h"].T, dZ_h) + np.dot(cache["W_t"].T, dZ_t) + dY * (1 - T)
    return grads


def faulty():
    np.random.seed(1)
    n, m = 4, 3
    return {"subject": (highway_forward, highway_backward),
            "inputs": (np.random.randn(n, m), np.random.randn(n, n) * 0.5, np.random.randn(n, 1),
                       np.random.randn(n, n) * 0.5, np.random.randn(n, 1))}


def correct():
    np.random.seed(1)
    n, m = 4, 3
    return {"subject": (highway_forward_repaired, highway_backward_repaired),
            "inputs": (np.random.randn(n, m), np.random.randn(n, n) * 0.5, np.random.randn(n, 1),
                       np.random.randn(n, n) * 0.5, np.random.randn(n, 1))}
