"""A network that ends in a softmax, trained with a cross-entropy that starts from logits.

Symptom: the loss does not fall below a floor that depends on the number of classes only.
Repair: leave the softmax out of the network.
"""
import numpy as np

CODES = ("softmax-twice",)
PLACES = ("", "loss", "layers.3", "layers[3]", "3")


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)) * np.sqrt(1.0 / n_in)
        self.b = rng.normal(size=n_out) * 0.05

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1.0 - self.y ** 2)


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dy):
        return self.y * (dy - (dy * self.y).sum(axis=1, keepdims=True))


def cross_entropy(logits, labels):
    """Mean cross-entropy of integer labels, computed from logits."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_grad(logits, labels):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1.0
    return p / len(labels)


class DigitClassifier:
    def __init__(self, n_inputs, n_hidden, n_classes, rng):
        self.layers = [
            Dense(n_inputs, n_hidden, rng),
            Tanh(),
            Dense(n_hidden, n_classes, rng),
            Softmax(),  # FAULT
        ]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def predict(self, x):
        return self.forward(x).argmax(axis=1)


class DigitClassifierRepaired:
    def __init__(self, n_inputs, n_hidden, n_classes, rng):
        self.layers = [
            Dense(n_inputs, n_hidden, rng),
            Tanh(),
            Dense(n_hidden, n_classes, rng),
        ]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def predict(self, x):
        return self.forward(x).argmax(axis=1)


def faulty():
    rng = np.random.default_rng(40)
    model = DigitClassifier(6, 5, 4, rng)
    return {"subject": model, "inputs": (rng.normal(size=(3, 6)),), "target": np.array([2, 0, 3]),
            "loss": (cross_entropy, cross_entropy_grad)}


def correct():
    rng = np.random.default_rng(40)
    model = DigitClassifierRepaired(6, 5, 4, rng)
    return {"subject": model, "inputs": (rng.normal(size=(3, 6)),), "target": np.array([2, 0, 3]),
            "loss": (cross_entropy, cross_entropy_grad)}
