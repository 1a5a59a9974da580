"""A softmax classifier that adds its loss up over the batch.

Symptom: the loss starts at B ln C, and the learning rate has to be divided whenever the batch grows.
Repair: average over the batch, loss and gradient alike.
"""
import numpy as np

CODES = ("initial-loss-off",)
PLACES = ("",)


class SoftmaxCrossEntropy:
    def forward(self, logits, labels):
        logits = logits - logits.max(axis=-1, keepdims=True)
        self.probs = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        self.labels = labels
        return -np.log(self.probs[np.arange(len(labels)), labels]).sum()  # FAULT

    def backward(self):
        dlogits = self.probs.copy()
        dlogits[np.arange(len(self.labels)), self.labels] -= 1
        return dlogits  # FAULT


class Linear:
    def __init__(self, n_in, n_out, rng):
        self.kernel = rng.uniform(-1, 1, size=(n_in, n_out)) * np.sqrt(1.5 / (n_in + n_out))
        self.bias = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.kernel + self.bias

    def backward(self, dy):
        self.kernel_grad = self.x.T @ dy
        self.bias_grad = dy.sum(axis=0)
        return dy @ self.kernel.T


class Classifier:
    def __init__(self, n_in, n_classes, rng):
        self.hidden = Linear(n_in, 20, rng)
        self.head = Linear(20, n_classes, rng)
        self.criterion = SoftmaxCrossEntropy()

    def predict(self, x):
        self.h = np.tanh(self.hidden.forward(x))
        return self.head.forward(self.h)

    def train_step(self, x, labels, learning_rate):
        loss = self.criterion.forward(self.predict(x), labels)
        dh = self.head.backward(self.criterion.backward())
        self.hidden.backward(dh * (1 - self.h ** 2))
        for layer in (self.hidden, self.head):
            layer.kernel -= learning_rate * layer.kernel_grad
            layer.bias -= learning_rate * layer.bias_grad
        return float(loss)


class SoftmaxCrossEntropyRepaired:
    def forward(self, logits, labels):
        logits = logits - logits.max(axis=-1, keepdims=True)
        self.probs = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        self.labels = labels
        return -np.log(self.probs[np.arange(len(labels)), labels]).mean()

    def backward(self):
        dlogits = self.probs.copy()
        dlogits[np.arange(len(self.labels)), self.labels] -= 1
        return dlogits / len(self.labels)


class LinearRepaired:
    def __init__(self, n_in, n_out, rng):
        self.kernel = rng.uniform(-1, 1, size=(n_in, n_out)) * np.sqrt(1.5 / (n_in + n_out))
        self.bias = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.kernel + self.bias

    def backward(self, dy):
        self.kernel_grad = self.x.T @ dy
        self.bias_grad = dy.sum(axis=0)
        return dy @ self.kernel.T


class ClassifierRepaired:
    def __init__(self, n_in, n_classes, rng):
        self.hidden = LinearRepaired(n_in, 20, rng)
        self.head = LinearRepaired(20, n_classes, rng)
        self.criterion = SoftmaxCrossEntropyRepaired()

    def predict(self, x):
        self.h = np.tanh(self.hidden.forward(x))
        return self.head.forward(self.h)

    def train_step(self, x, labels, learning_rate):
        loss = self.criterion.forward(self.predict(x), labels)
        dh = self.head.backward(self.criterion.backward())
        self.hidden.backward(dh * (1 - self.h ** 2))
        for layer in (self.hidden, self.head):
            layer.kernel -= learning_rate * layer.kernel_grad
            layer.bias -= learning_rate * layer.bias_grad
        return float(loss)


def faulty():
    rng = np.random.default_rng(28)
    centers = rng.normal(size=(5, 9))
    y = rng.integers(5, size=240)
    x = centers[y] + 0.6 * rng.normal(size=(240, 9))
    rate = 0.004
    return {"training_check": True, "subject": Classifier(9, 5, rng), "x": x[:180], "target": y[:180],
            "evaluation": (x[180:], y[180:]), "learning_rate": rate, "batch_size": 30, "steps": 60}


def correct():
    rng = np.random.default_rng(28)
    centers = rng.normal(size=(5, 9))
    y = rng.integers(5, size=240)
    x = centers[y] + 0.6 * rng.normal(size=(240, 9))
    rate = 0.1
    return {"training_check": True, "subject": ClassifierRepaired(9, 5, rng), "x": x[:180], "target": y[:180],
            "evaluation": (x[180:], y[180:]), "learning_rate": rate, "batch_size": 30, "steps": 60}
