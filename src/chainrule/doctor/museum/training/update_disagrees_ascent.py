"""A two-layer classifier whose output layer climbs the loss while its hidden layer descends.

Symptom: the loss rises and then hovers above its first value; backward passes every gradient check.
Repair: subtract the step for the output weights as everywhere else.
"""
import numpy as np

CODES = ("update-disagrees",)
PLACES = ("W2", "")


def blobs(n, features, classes, seed):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(classes, features))
    labels = rng.integers(classes, size=n)
    return centers[labels] + 0.7 * rng.normal(size=(n, features)), labels


class TwoLayerNet:
    """Affine, ReLU, affine, softmax."""

    def __init__(self, input_dim, hidden_dim, num_classes, rng):
        self.W1 = rng.normal(size=(input_dim, hidden_dim)) * np.sqrt(2.0 / input_dim)
        self.b1 = np.zeros(hidden_dim)
        self.W2 = rng.normal(size=(hidden_dim, num_classes)) * np.sqrt(1.0 / hidden_dim) * 0.8
        self.b2 = np.zeros(num_classes)

    def forward(self, x):
        self.x = x
        self.z = x @ self.W1 + self.b1
        self.h = np.maximum(self.z, 0.0)
        return self.h @ self.W2 + self.b2

    def backward(self, dscores):
        self.dW2 = self.h.T @ dscores
        self.db2 = dscores.sum(axis=0)
        dz = (dscores @ self.W2.T) * (self.z > 0)
        self.dW1 = self.x.T @ dz
        self.db1 = dz.sum(axis=0)
        return dz @ self.W1.T

    def train_step(self, x, target, learning_rate):
        scores = self.forward(x)
        scores = scores - scores.max(axis=1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        rows = np.arange(len(x))
        loss = -log_p[rows, target].mean()
        dscores = np.exp(log_p)
        dscores[rows, target] -= 1.0
        self.backward(dscores / len(x))
        self.W1 -= learning_rate * self.dW1
        self.b1 -= learning_rate * self.db1
        self.W2 += learning_rate * self.dW2  # FAULT
        self.b2 -= learning_rate * self.db2
        return float(loss)

    def predict(self, x):
        return self.forward(x)


class TwoLayerNetRepaired:
    """Affine, ReLU, affine, softmax."""

    def __init__(self, input_dim, hidden_dim, num_classes, rng):
        self.W1 = rng.normal(size=(input_dim, hidden_dim)) * np.sqrt(2.0 / input_dim)
        self.b1 = np.zeros(hidden_dim)
        self.W2 = rng.normal(size=(hidden_dim, num_classes)) * np.sqrt(1.0 / hidden_dim) * 0.8
        self.b2 = np.zeros(num_classes)

    def forward(self, x):
        self.x = x
        self.z = x @ self.W1 + self.b1
        self.h = np.maximum(self.z, 0.0)
        return self.h @ self.W2 + self.b2

    def backward(self, dscores):
        self.dW2 = self.h.T @ dscores
        self.db2 = dscores.sum(axis=0)
        dz = (dscores @ self.W2.T) * (self.z > 0)
        self.dW1 = self.x.T @ dz
        self.db1 = dz.sum(axis=0)
        return dz @ self.W1.T

    def train_step(self, x, target, learning_rate):
        scores = self.forward(x)
        scores = scores - scores.max(axis=1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        rows = np.arange(len(x))
        loss = -log_p[rows, target].mean()
        dscores = np.exp(log_p)
        dscores[rows, target] -= 1.0
        self.backward(dscores / len(x))
        self.W1 -= learning_rate * self.dW1
        self.b1 -= learning_rate * self.db1
        self.W2 -= learning_rate * self.dW2
        self.b2 -= learning_rate * self.db2
        return float(loss)

    def predict(self, x):
        return self.forward(x)


def faulty():
    x, y = blobs(160, 12, 4, seed=1)
    model = TwoLayerNet(12, 20, 4, np.random.default_rng(2))
    return {"training_check": True, "subject": model, "x": x[:120], "target": y[:120],
            "evaluation": (x[120:], y[120:]), "learning_rate": 0.1, "batch_size": 30, "steps": 40}


def correct():
    x, y = blobs(160, 12, 4, seed=1)
    model = TwoLayerNetRepaired(12, 20, 4, np.random.default_rng(2))
    return {"training_check": True, "subject": model, "x": x[:120], "target": y[:120],
            "evaluation": (x[120:], y[120:]), "learning_rate": 0.1, "batch_size": 30, "steps": 40}
