"""Digit classifier built from a list of layers, with a cross-entropy that works on logits.

Symptom: accuracy climbs slowly, the loss gets stuck around 1.46 for ten classes.
Repair: drop the Softmax layer; the loss applies softmax itself.
"""
import numpy as np

CODES = ("softmax-twice",)
PLACES = ("loss", "layers.3", "")


def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def cross_entropy_from_logits(logits, labels):
    return -log_softmax(logits)[np.arange(len(labels)), labels].mean()


def cross_entropy_from_logits_grad(logits, labels):
    d = np.exp(log_softmax(logits))
    d[np.arange(len(labels)), labels] -= 1
    return d / len(labels)


class Layer:
    def forward(self, x): ...
    def backward(self, g): ...


class Affine(Layer):
    def __init__(self, fan_in, fan_out, rng):
        self.w = rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))
        self.b = rng.normal(0, 0.05, fan_out)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, g):
        self.grad_w, self.grad_b = self.x.T @ g, g.sum(axis=0)
        return g @ self.w.T


class Elu(Layer):
    def forward(self, x):
        self.y = np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)
        return self.y

    def backward(self, g):
        return g * np.where(self.y > 0, 1, self.y + 1)


class Softmax(Layer):
    def forward(self, x):
        self.p = np.exp(log_softmax(x))
        return self.p

    def backward(self, g):
        return self.p * (g - (g * self.p).sum(axis=1, keepdims=True))


class Classifier(Layer):
    def __init__(self, sizes=(7, 5, 10), seed=1):
        rng = np.random.default_rng(seed)
        self.layers = [Affine(sizes[0], sizes[1], rng), Elu(), Affine(sizes[1], sizes[2], rng)]
        self.layers.append(Softmax())        # FAULT

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, g):
        for layer in self.layers[::-1]:
            g = layer.backward(g)
        return g


class LayerRepaired:
    def forward(self, x): ...
    def backward(self, g): ...


class AffineRepaired(LayerRepaired):
    def __init__(self, fan_in, fan_out, rng):
        self.w = rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))
        self.b = rng.normal(0, 0.05, fan_out)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, g):
        self.grad_w, self.grad_b = self.x.T @ g, g.sum(axis=0)
        return g @ self.w.T


class EluRepaired(LayerRepaired):
    def forward(self, x):
        self.y = np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)
        return self.y

    def backward(self, g):
        return g * np.where(self.y > 0, 1, self.y + 1)


class SoftmaxRepaired(LayerRepaired):
    def forward(self, x):
        self.p = np.exp(log_softmax(x))
        return self.p

    def backward(self, g):
        return self.p * (g - (g * self.p).sum(axis=1, keepdims=True))


class ClassifierRepaired(LayerRepaired):
    def __init__(self, sizes=(7, 5, 10), seed=1):
        rng = np.random.default_rng(seed)
        self.layers = [AffineRepaired(sizes[0], sizes[1], rng), EluRepaired(), AffineRepaired(sizes[1], sizes[2], rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, g):
        for layer in self.layers[::-1]:
            g = layer.backward(g)
        return g


def _task(model):
    rng = np.random.default_rng(0)
    return {"subject": model, "inputs": (rng.normal(size=(6, 7)),), "target": rng.integers(0, 10, 6),
            "loss": (cross_entropy_from_logits, cross_entropy_from_logits_grad)}


def faulty():
    return _task(Classifier())


def correct():
    return _task(ClassifierRepaired())
