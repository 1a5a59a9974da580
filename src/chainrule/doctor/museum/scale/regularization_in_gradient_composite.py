"""A two-layer network, a dictionary of parameters, loss and its gradient outside.

Symptom: the weights shrink although the loss that is logged has no penalty.
Repair: either put the penalty into the loss or take the term out of the gradient.
"""
import numpy as np

CODES = ("regularization-in-gradient",)
PLACES = ("params['W1']", "params['W2']", "W1", "W2", "params.W1", "params.W2", "")

REG = 0.02


def huber(y, t, delta=1.0):
    r = np.abs(y - t)
    return np.sum(np.where(r <= delta, 0.5 * r ** 2, delta * (r - 0.5 * delta))) / len(y)


def huber_gradient(y, t, delta=1.0):
    return np.clip(y - t, -delta, delta) / len(y)


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, rng):
        self.params = {
            "W1": rng.normal(size=(input_size, hidden_size)),
            "b1": rng.normal(size=hidden_size),
            "W2": rng.normal(size=(hidden_size, output_size)),
            "b2": rng.normal(size=output_size),
        }

    def forward(self, X):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        hidden = np.arctan(X @ W1 + b1)
        self.cache = {"X": X, "z": X @ W1 + b1, "hidden": hidden}
        return hidden @ W2 + b2

    def backward(self, dscores):
        X, z, hidden = self.cache["X"], self.cache["z"], self.cache["hidden"]
        grads = {}
        grads["W2"] = hidden.T.dot(dscores)
        grads["b2"] = np.sum(dscores, axis=0)
        dz = dscores.dot(self.params["W2"].T) / (1.0 + z ** 2)
        grads["W1"] = X.T.dot(dz)
        grads["b1"] = np.sum(dz, axis=0)
        grads["W2"] += 2 * REG * self.params["W2"]  # FAULT
        grads["W1"] += 2 * REG * self.params["W1"]  # FAULT
        self.grads = grads
        return dz.dot(self.params["W1"].T)


class TwoLayerNetRepaired:
    def __init__(self, input_size, hidden_size, output_size, rng):
        self.params = {
            "W1": rng.normal(size=(input_size, hidden_size)),
            "b1": rng.normal(size=hidden_size),
            "W2": rng.normal(size=(hidden_size, output_size)),
            "b2": rng.normal(size=output_size),
        }

    def forward(self, X):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        hidden = np.arctan(X @ W1 + b1)
        self.cache = {"X": X, "z": X @ W1 + b1, "hidden": hidden}
        return hidden @ W2 + b2

    def backward(self, dscores):
        X, z, hidden = self.cache["X"], self.cache["z"], self.cache["hidden"]
        grads = {}
        grads["W2"] = hidden.T.dot(dscores)
        grads["b2"] = np.sum(dscores, axis=0)
        dz = dscores.dot(self.params["W2"].T) / (1.0 + z ** 2)
        grads["W1"] = X.T.dot(dz)
        grads["b1"] = np.sum(dz, axis=0)
        self.grads = grads
        return dz.dot(self.params["W1"].T)


def faulty():
    rng = np.random.default_rng(32)
    net = TwoLayerNet(4, 6, 3, rng)
    x, t = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    return {"subject": net, "inputs": (x,), "loss": (huber, huber_gradient), "target": t}


def correct():
    rng = np.random.default_rng(32)
    net = TwoLayerNetRepaired(4, 6, 3, rng)
    x, t = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    return {"subject": net, "inputs": (x,), "loss": (huber, huber_gradient), "target": t}
