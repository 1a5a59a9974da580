"""A perceptron for counts whose weights inherit the integer type of the counts.

Symptom: the loss never changes; the steps are cut off to whole numbers when they are stored.
Repair: create the weights as floats.
"""
import numpy as np

CODES = ("dtype-hazard",)
PLACES = ("weights", "bias", "")


class CountClassifier:
    """Logistic regression on word counts, weights adjusted one by one as in the lecture."""

    def __init__(self, example):
        self.weights = np.zeros_like(example)  # FAULT
        self.bias = np.zeros(1)
        self.grad_weights = np.zeros(len(example))
        self.grad_bias = np.zeros(1)

    def forward(self, x):
        return x @ self.weights + self.bias

    def predict(self, x):
        return 1.0 / (1.0 + np.exp(-self.forward(x)))

    def gradient(self, x, y):
        error = (self.predict(x) - y) / len(y)
        self.grad_weights = x.T @ error
        self.grad_bias[0] = error.sum()

    def train_step(self, x, y, learning_rate):
        z = self.forward(x)
        loss = np.mean(np.logaddexp(0.0, z) - y * z)
        self.gradient(x, y)
        for j in range(len(self.weights)):
            self.weights[j] = self.weights[j] - learning_rate * self.grad_weights[j]
        self.bias[0] = self.bias[0] - learning_rate * self.grad_bias[0]
        return float(loss)


class CountClassifierRepaired:
    """Logistic regression on word counts, weights adjusted one by one as in the lecture."""

    def __init__(self, example):
        self.weights = np.zeros_like(example, dtype=float)
        self.bias = np.zeros(1)
        self.grad_weights = np.zeros(len(example))
        self.grad_bias = np.zeros(1)

    def forward(self, x):
        return x @ self.weights + self.bias

    def predict(self, x):
        return 1.0 / (1.0 + np.exp(-self.forward(x)))

    def gradient(self, x, y):
        error = (self.predict(x) - y) / len(y)
        self.grad_weights = x.T @ error
        self.grad_bias[0] = error.sum()

    def train_step(self, x, y, learning_rate):
        z = self.forward(x)
        loss = np.mean(np.logaddexp(0.0, z) - y * z)
        self.gradient(x, y)
        for j in range(len(self.weights)):
            self.weights[j] = self.weights[j] - learning_rate * self.grad_weights[j]
        self.bias[0] = self.bias[0] - learning_rate * self.grad_bias[0]
        return float(loss)


def faulty():
    rng = np.random.default_rng(78)
    y = rng.integers(2, size=200)
    rates = np.array([[3, 1, 2, 2, 1, 4, 1, 2], [1, 3, 2, 1, 2, 2, 3, 2]])
    x = rng.poisson(rates[y])
    return {"training_check": True, "subject": CountClassifier(x[0]), "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.05, "batch_size": 50, "steps": 60}


def correct():
    rng = np.random.default_rng(78)
    y = rng.integers(2, size=200)
    rates = np.array([[3, 1, 2, 2, 1, 4, 1, 2], [1, 3, 2, 1, 2, 2, 3, 2]])
    x = rng.poisson(rates[y])
    return {"training_check": True, "subject": CountClassifierRepaired(x[0]), "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "learning_rate": 0.05, "batch_size": 50, "steps": 60}
