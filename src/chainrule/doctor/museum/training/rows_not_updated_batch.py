"""A dense layer in column convention whose update walks over the batch.

Symptom: with eight samples in a batch only the first eight neurons ever learn; a larger batch helps.
Repair: update the whole matrix (or walk over the neurons).
"""
import numpy as np

CODES = ("rows-not-updated",)
PLACES = ("hidden.weights", "hidden.biases", "weights", "biases", "hidden")


class Dense:
    """Activations are columns: x has the shape (features, batch)."""

    def __init__(self, n_inputs, n_neurons, rng):
        self.weights = rng.normal(0, 1 / np.sqrt(n_inputs), (n_neurons, n_inputs))
        self.biases = rng.normal(0, 0.1, (n_neurons, 1))

    def forward(self, x):
        self.input = x
        return self.weights @ x + self.biases

    def backward(self, delta):
        self.weights_gradient = delta @ self.input.T
        self.biases_gradient = delta.sum(axis=1, keepdims=True)
        return self.weights.T @ delta

    def update(self, learning_rate):
        n = min(self.input.shape[1], len(self.weights))  # FAULT
        for i in range(n):
            self.weights[i] -= learning_rate * self.weights_gradient[i]
            self.biases[i] -= learning_rate * self.biases_gradient[i]


class Network:
    def __init__(self, n_inputs, n_hidden, n_outputs, rng):
        self.hidden = Dense(n_inputs, n_hidden, rng)
        self.output = Dense(n_hidden, n_outputs, rng)

    def forward(self, x):
        self.h = np.tanh(self.hidden.forward(x.T))
        return self.output.forward(self.h).T

    def backward(self, dlogits):
        dh = self.output.backward(dlogits.T)
        return self.hidden.backward(dh * (1 - self.h ** 2)).T

    def step(self, x, target, learning_rate):
        logits = self.forward(x)
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        idx = np.arange(len(target))
        loss = -np.mean(np.log(p[idx, target]))
        p[idx, target] -= 1
        self.backward(p / len(target))
        self.hidden.update(learning_rate)
        self.output.update(learning_rate)
        return float(loss)


class DenseRepaired:
    """Activations are columns: x has the shape (features, batch)."""

    def __init__(self, n_inputs, n_neurons, rng):
        self.weights = rng.normal(0, 1 / np.sqrt(n_inputs), (n_neurons, n_inputs))
        self.biases = rng.normal(0, 0.1, (n_neurons, 1))

    def forward(self, x):
        self.input = x
        return self.weights @ x + self.biases

    def backward(self, delta):
        self.weights_gradient = delta @ self.input.T
        self.biases_gradient = delta.sum(axis=1, keepdims=True)
        return self.weights.T @ delta

    def update(self, learning_rate):
        n = len(self.weights)
        for i in range(n):
            self.weights[i] -= learning_rate * self.weights_gradient[i]
            self.biases[i] -= learning_rate * self.biases_gradient[i]


class NetworkRepaired:
    def __init__(self, n_inputs, n_hidden, n_outputs, rng):
        self.hidden = DenseRepaired(n_inputs, n_hidden, rng)
        self.output = DenseRepaired(n_hidden, n_outputs, rng)

    def forward(self, x):
        self.h = np.tanh(self.hidden.forward(x.T))
        return self.output.forward(self.h).T

    def backward(self, dlogits):
        dh = self.output.backward(dlogits.T)
        return self.hidden.backward(dh * (1 - self.h ** 2)).T

    def step(self, x, target, learning_rate):
        logits = self.forward(x)
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        idx = np.arange(len(target))
        loss = -np.mean(np.log(p[idx, target]))
        p[idx, target] -= 1
        self.backward(p / len(target))
        self.hidden.update(learning_rate)
        self.output.update(learning_rate)
        return float(loss)


def dataset(n, seed):
    rng = np.random.default_rng(seed)
    prototypes = rng.normal(size=(4, 11))
    label = rng.integers(4, size=n)
    return prototypes[label] + 0.7 * rng.normal(size=(n, 11)), label


def faulty():
    x, y = dataset(176, seed=16)
    net = Network(11, 25, 4, np.random.default_rng(17))
    return {"training_check": True, "subject": net, "x": x[:128], "target": y[:128],
            "evaluation": (x[128:], y[128:]), "learning_rate": 0.05, "batch_size": 8, "steps": 64}


def correct():
    x, y = dataset(176, seed=16)
    net = NetworkRepaired(11, 25, 4, np.random.default_rng(17))
    return {"training_check": True, "subject": net, "x": x[:128], "target": y[:128],
            "evaluation": (x[128:], y[128:]), "learning_rate": 0.05, "batch_size": 8, "steps": 64}
