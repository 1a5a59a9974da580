"""A recurrent classifier whose last state, kept as columns, is reshaped into rows.

Symptom: the gradient check passes, accuracy stays at chance; a batch of one learns well.
Repair: transpose the state, do not reshape it.
"""
import numpy as np

CODES = ("batch-leak", "reshape-for-transpose")
PLACES = ("x", "")


class ElmanClassifier:
    """Elman network for sequences; the state is a matrix of columns, one column for each sample."""

    def __init__(self, input_size, hidden_size, num_classes, rng):
        self.hidden_size = hidden_size
        self.params = {
            "Wxh": rng.normal(size=(hidden_size, input_size)) / np.sqrt(input_size),
            "Whh": rng.normal(size=(hidden_size, hidden_size)) * 0.5 / np.sqrt(hidden_size),
            "bh": rng.normal(size=(hidden_size, 1)) * 0.1,
            "Why": rng.normal(size=(num_classes, hidden_size)) / np.sqrt(hidden_size),
            "by": np.zeros(num_classes),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        batch, steps, _ = x.shape
        self.x = x
        self.states = [np.zeros((self.hidden_size, batch))]
        for t in range(steps):
            z = p["Wxh"] @ x[:, t].T + p["Whh"] @ self.states[-1] + p["bh"]
            self.states.append(np.tanh(z))
        # rows are samples from here on
        self.features = self.states[-1].reshape(batch, self.hidden_size)  # FAULT
        return self.features @ p["Why"].T + p["by"]

    def backward(self, dscores):
        p = self.params
        batch, steps, _ = self.x.shape
        grads = {name: np.zeros_like(value) for name, value in p.items()}
        grads["Why"] = dscores.T @ self.features
        grads["by"] = dscores.sum(axis=0)
        dh = (dscores @ p["Why"]).reshape(self.hidden_size, batch)  # FAULT
        dx = np.zeros_like(self.x)
        for t in reversed(range(steps)):
            dz = dh * (1.0 - self.states[t + 1] ** 2)
            grads["Wxh"] += dz @ self.x[:, t]
            grads["Whh"] += dz @ self.states[t].T
            grads["bh"] += dz.sum(axis=1, keepdims=True)
            dx[:, t] = (p["Wxh"].T @ dz).T
            dh = p["Whh"].T @ dz
        self.grads = grads
        return dx


class ElmanClassifierRepaired:
    """Elman network for sequences; the state is a matrix of columns, one column for each sample."""

    def __init__(self, input_size, hidden_size, num_classes, rng):
        self.hidden_size = hidden_size
        self.params = {
            "Wxh": rng.normal(size=(hidden_size, input_size)) / np.sqrt(input_size),
            "Whh": rng.normal(size=(hidden_size, hidden_size)) * 0.5 / np.sqrt(hidden_size),
            "bh": rng.normal(size=(hidden_size, 1)) * 0.1,
            "Why": rng.normal(size=(num_classes, hidden_size)) / np.sqrt(hidden_size),
            "by": np.zeros(num_classes),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        batch, steps, _ = x.shape
        self.x = x
        self.states = [np.zeros((self.hidden_size, batch))]
        for t in range(steps):
            z = p["Wxh"] @ x[:, t].T + p["Whh"] @ self.states[-1] + p["bh"]
            self.states.append(np.tanh(z))
        # rows are samples from here on
        self.features = self.states[-1].T
        return self.features @ p["Why"].T + p["by"]

    def backward(self, dscores):
        p = self.params
        batch, steps, _ = self.x.shape
        grads = {name: np.zeros_like(value) for name, value in p.items()}
        grads["Why"] = dscores.T @ self.features
        grads["by"] = dscores.sum(axis=0)
        dh = (dscores @ p["Why"]).T
        dx = np.zeros_like(self.x)
        for t in reversed(range(steps)):
            dz = dh * (1.0 - self.states[t + 1] ** 2)
            grads["Wxh"] += dz @ self.x[:, t]
            grads["Whh"] += dz @ self.states[t].T
            grads["bh"] += dz.sum(axis=1, keepdims=True)
            dx[:, t] = (p["Wxh"].T @ dz).T
            dh = p["Whh"].T @ dz
        self.grads = grads
        return dx


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": ElmanClassifier(3, 5, 4, rng), "inputs": (rng.normal(size=(2, 6, 3)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": ElmanClassifierRepaired(3, 5, 4, rng), "inputs": (rng.normal(size=(2, 6, 3)),)}
