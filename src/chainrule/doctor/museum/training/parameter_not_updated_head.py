"""A sequential model whose optimizer was built before the head was put on.

Symptom: training works, only worse than it should: a random last layer stays random.
Repair: build the optimizer when the model is complete, or ask the model for its layers at every step.
"""
import numpy as np

CODES = ("parameter-not-updated",)
PLACES = ("layers.4", "layers.4.weight", "layers.4.bias", "weight", "bias")


class Linear:
    def __init__(self, fan_in, fan_out, rng):
        self.weight = rng.normal(size=(fan_in, fan_out)) * np.sqrt(1.0 / fan_in)
        self.bias = np.zeros(fan_out)
        self.weight_grad = np.zeros_like(self.weight)
        self.bias_grad = np.zeros_like(self.bias)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, dy):
        self.weight_grad = self.x.T @ dy
        self.bias_grad = dy.sum(axis=0)
        return dy @ self.weight.T


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1.0 - self.y ** 2)


class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def add(self, layer):
        self.layers.append(layer)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class SGD:
    def __init__(self, layers, lr):
        self.layers = [layer for layer in layers if hasattr(layer, "weight")]
        self.lr = lr

    def step(self):
        for layer in self.layers:
            layer.weight -= self.lr * layer.weight_grad
            layer.bias -= self.lr * layer.bias_grad


def build(n_features, n_classes, lr, rng):
    model = Sequential(Linear(n_features, 16, rng), Tanh())
    model.add(Linear(16, 12, rng))
    model.add(Tanh())
    optimizer = SGD(model.layers, lr)  # FAULT
    model.add(Linear(12, n_classes, rng))
    return model, optimizer


class LinearRepaired:
    def __init__(self, fan_in, fan_out, rng):
        self.weight = rng.normal(size=(fan_in, fan_out)) * np.sqrt(1.0 / fan_in)
        self.bias = np.zeros(fan_out)
        self.weight_grad = np.zeros_like(self.weight)
        self.bias_grad = np.zeros_like(self.bias)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, dy):
        self.weight_grad = self.x.T @ dy
        self.bias_grad = dy.sum(axis=0)
        return dy @ self.weight.T


class TanhRepaired:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1.0 - self.y ** 2)


class SequentialRepaired:
    def __init__(self, *layers):
        self.layers = list(layers)

    def add(self, layer):
        self.layers.append(layer)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class SGD_REPAIRED:
    def __init__(self, layers, lr):
        self.layers = [layer for layer in layers if hasattr(layer, "weight")]
        self.lr = lr

    def step(self):
        for layer in self.layers:
            layer.weight -= self.lr * layer.weight_grad
            layer.bias -= self.lr * layer.bias_grad


def build_repaired(n_features, n_classes, lr, rng):
    model = SequentialRepaired(LinearRepaired(n_features, 16, rng), TanhRepaired())
    model.add(LinearRepaired(16, 12, rng))
    model.add(TanhRepaired())
    model.add(LinearRepaired(12, n_classes, rng))
    optimizer = SGD_REPAIRED(model.layers, lr)
    return model, optimizer


def softmax_loss(scores, y):
    z = scores - scores.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))


def softmax_loss_gradient(scores, y):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1.0
    return p / len(y)


def flowers(n, seed):
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(5, 10))
    kind = rng.integers(5, size=n)
    return means[kind] + 0.6 * rng.normal(size=(n, 10)), kind


def faulty():
    x, y = flowers(200, seed=11)
    model, optimizer = build(10, 5, 0.1, np.random.default_rng(12))
    return {"training_check": True, "subject": model, "x": x[:150], "target": y[:150], "optimizer": optimizer,
            "loss": (softmax_loss, softmax_loss_gradient), "evaluation": (x[150:], y[150:]),
            "learning_rate": 0.1, "batch_size": 30, "steps": 50}


def correct():
    x, y = flowers(200, seed=11)
    model, optimizer = build_repaired(10, 5, 0.1, np.random.default_rng(12))
    return {"training_check": True, "subject": model, "x": x[:150], "target": y[:150], "optimizer": optimizer,
            "loss": (softmax_loss, softmax_loss_gradient), "evaluation": (x[150:], y[150:]),
            "learning_rate": 0.1, "batch_size": 30, "steps": 50}
