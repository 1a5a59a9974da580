"""A classifier for 48 features whose weights are drawn with variance one.

Symptom: the first loss is ten times ln C; much of the training goes into unlearning it.
Repair: scale the weights by the root of the fan-in.
"""
import numpy as np

CODES = ("initial-loss-off",)
PLACES = ("weights.0", "weights.1", "weights.2", "weights", "")


class MLP:
    def __init__(self, sizes, rng):
        self.weights, self.biases = [], []
        for n, m in zip(sizes[:-1], sizes[1:]):
            self.weights.append(rng.normal(size=(n, m)))  # FAULT
            self.biases.append(np.zeros(m))

    def forward(self, x):
        self.acts = [x]
        for w, b in zip(self.weights[:-1], self.biases[:-1]):
            self.acts.append(np.maximum(self.acts[-1] @ w + b, 0))
        return self.acts[-1] @ self.weights[-1] + self.biases[-1]

    def backward(self, d):
        self.d_weights = [None] * len(self.weights)
        self.d_biases = [None] * len(self.weights)
        for i in reversed(range(len(self.weights))):
            self.d_weights[i] = self.acts[i].T @ d
            self.d_biases[i] = d.sum(axis=0)
            d = d @ self.weights[i].T
            if i > 0:
                d = d * (self.acts[i] > 0)
        return d

    def train_on_batch(self, x, target, learning_rate):
        logits = self.forward(x)
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        d = np.exp(log_p)
        d[np.arange(len(x)), target] -= 1
        self.backward(d / len(x))
        for w, b, dw, db in zip(self.weights, self.biases, self.d_weights, self.d_biases):
            w -= learning_rate * dw
            b -= learning_rate * db
        return float(-log_p[np.arange(len(x)), target].mean())


class MLP_REPAIRED:
    def __init__(self, sizes, rng):
        self.weights, self.biases = [], []
        for n, m in zip(sizes[:-1], sizes[1:]):
            self.weights.append(rng.normal(size=(n, m)) / np.sqrt(n))
            self.biases.append(np.zeros(m))

    def forward(self, x):
        self.acts = [x]
        for w, b in zip(self.weights[:-1], self.biases[:-1]):
            self.acts.append(np.maximum(self.acts[-1] @ w + b, 0))
        return self.acts[-1] @ self.weights[-1] + self.biases[-1]

    def backward(self, d):
        self.d_weights = [None] * len(self.weights)
        self.d_biases = [None] * len(self.weights)
        for i in reversed(range(len(self.weights))):
            self.d_weights[i] = self.acts[i].T @ d
            self.d_biases[i] = d.sum(axis=0)
            d = d @ self.weights[i].T
            if i > 0:
                d = d * (self.acts[i] > 0)
        return d

    def train_on_batch(self, x, target, learning_rate):
        logits = self.forward(x)
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        d = np.exp(log_p)
        d[np.arange(len(x)), target] -= 1
        self.backward(d / len(x))
        for w, b, dw, db in zip(self.weights, self.biases, self.d_weights, self.d_biases):
            w -= learning_rate * dw
            b -= learning_rate * db
        return float(-log_p[np.arange(len(x)), target].mean())


def patches(n, seed):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(8, 48)) * 0.6
    y = rng.integers(8, size=n)
    return base[y] + 0.8 * rng.normal(size=(n, 48)), y


def faulty():
    x, y = patches(320, seed=26)
    model = MLP([48, 24, 16, 8], np.random.default_rng(27))
    return {"training_check": True, "subject": model, "x": x[:240], "target": y[:240],
            "evaluation": (x[240:], y[240:]), "learning_rate": 0.05, "batch_size": 40, "steps": 60}


def correct():
    x, y = patches(320, seed=26)
    model = MLP_REPAIRED([48, 24, 16, 8], np.random.default_rng(27))
    return {"training_check": True, "subject": model, "x": x[:240], "target": y[:240],
            "evaluation": (x[240:], y[240:]), "learning_rate": 0.05, "batch_size": 40, "steps": 60}
