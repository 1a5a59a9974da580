"""A recurrent layer over (batch, time, features).

Symptom: short sequences train, long ones do not; at the first step the state is zero and all looks linear.
Repair: the state that tanh produced at step t is states[t + 1], not states[t].
"""
import numpy as np

CODES = ("activation-derivative-misplaced",)
PLACES = ("params['Wx']", "Wx", "params.Wx", "Wh", "params.Wh", "params['Wh']", "b", "params.b", "x", "")


class SimpleRNN:
    def __init__(self, n_in, n_hidden, rng):
        self.params = {
            "Wx": rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in),
            "Wh": rng.normal(size=(n_hidden, n_hidden)) * 0.6 / np.sqrt(n_hidden),
            "b": rng.normal(size=n_hidden) * 0.1,
        }
        self.grads = {}

    def forward(self, x):
        B, T, _ = x.shape
        p = self.params
        self.x = x
        self.states = [np.zeros((B, p["b"].size))]
        for t in range(T):
            self.states.append(np.tanh(x[:, t] @ p["Wx"] + self.states[t] @ p["Wh"] + p["b"]))
        return np.stack(self.states[1:], axis=1)

    def backward(self, dy):
        p = self.params
        self.grads = {name: np.zeros_like(value) for name, value in p.items()}
        dx = np.empty_like(self.x)
        carry = np.zeros_like(self.states[0])
        for t in range(self.x.shape[1] - 1, -1, -1):
            dz = (dy[:, t] + carry) * (1.0 - self.states[t] ** 2)  # FAULT
            self.grads["Wx"] += self.x[:, t].T @ dz
            self.grads["Wh"] += self.states[t].T @ dz
            self.grads["b"] += dz.sum(axis=0)
            dx[:, t] = dz @ p["Wx"].T
            carry = dz @ p["Wh"].T
        return dx


class SimpleRNNRepaired:
    def __init__(self, n_in, n_hidden, rng):
        self.params = {
            "Wx": rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in),
            "Wh": rng.normal(size=(n_hidden, n_hidden)) * 0.6 / np.sqrt(n_hidden),
            "b": rng.normal(size=n_hidden) * 0.1,
        }
        self.grads = {}

    def forward(self, x):
        B, T, _ = x.shape
        p = self.params
        self.x = x
        self.states = [np.zeros((B, p["b"].size))]
        for t in range(T):
            self.states.append(np.tanh(x[:, t] @ p["Wx"] + self.states[t] @ p["Wh"] + p["b"]))
        return np.stack(self.states[1:], axis=1)

    def backward(self, dy):
        p = self.params
        self.grads = {name: np.zeros_like(value) for name, value in p.items()}
        dx = np.empty_like(self.x)
        carry = np.zeros_like(self.states[0])
        for t in range(self.x.shape[1] - 1, -1, -1):
            dz = (dy[:, t] + carry) * (1.0 - self.states[t + 1] ** 2)
            self.grads["Wx"] += self.x[:, t].T @ dz
            self.grads["Wh"] += self.states[t].T @ dz
            self.grads["b"] += dz.sum(axis=0)
            dx[:, t] = dz @ p["Wx"].T
            carry = dz @ p["Wh"].T
        return dx


def faulty():
    rng = np.random.default_rng(11)
    return {"subject": SimpleRNN(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


def correct():
    rng = np.random.default_rng(11)
    return {"subject": SimpleRNNRepaired(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}
