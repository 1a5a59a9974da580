"""Adam with the learning rate that did so well for plain gradient descent.

Symptom: the loss leaps up in the first steps and stays rough.
Repair: a learning rate of a few thousandths.
"""
import numpy as np

CODES = ("update-ratio-off",)
PLACES = ("", "weight", "hidden.weight", "output.weight", "learning_rate")


class Layer:
    def __init__(self, n_in, n_out, rng):
        self.weight = rng.normal(0, np.sqrt(1 / n_in), (n_in, n_out))
        self.bias = rng.normal(0, 0.1, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, dy):
        self.grad = {"weight": self.x.T @ dy, "bias": dy.sum(axis=0)}
        return dy @ self.weight.T


class Regression:
    def __init__(self, rng):
        self.hidden = Layer(5, 20, rng)
        self.output = Layer(20, 2, rng)

    def forward(self, x):
        self.h = np.tanh(self.hidden.forward(x))
        return self.output.forward(self.h)

    def backward(self, dy):
        return self.hidden.backward(self.output.backward(dy) * (1 - self.h ** 2))


class Adam:
    def __init__(self, layers, lr=0.5):  # FAULT
        self.lr = lr
        self.t = 0
        self.slots = []
        for layer in layers:
            for name in ("weight", "bias"):
                zeros = np.zeros_like(getattr(layer, name))
                self.slots.append([layer, name, zeros, zeros.copy()])

    def step(self):
        self.t += 1
        for slot in self.slots:
            layer, name, m, v = slot
            g = layer.grad[name]
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            step = self.lr * m / (1 - 0.9 ** self.t) / (np.sqrt(v / (1 - 0.999 ** self.t)) + 1e-8)
            setattr(layer, name, getattr(layer, name) - step)


class LayerRepaired:
    def __init__(self, n_in, n_out, rng):
        self.weight = rng.normal(0, np.sqrt(1 / n_in), (n_in, n_out))
        self.bias = rng.normal(0, 0.1, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, dy):
        self.grad = {"weight": self.x.T @ dy, "bias": dy.sum(axis=0)}
        return dy @ self.weight.T


class RegressionRepaired:
    def __init__(self, rng):
        self.hidden = LayerRepaired(5, 20, rng)
        self.output = LayerRepaired(20, 2, rng)

    def forward(self, x):
        self.h = np.tanh(self.hidden.forward(x))
        return self.output.forward(self.h)

    def backward(self, dy):
        return self.hidden.backward(self.output.backward(dy) * (1 - self.h ** 2))


class AdamRepaired:
    def __init__(self, layers, lr=0.003):
        self.lr = lr
        self.t = 0
        self.slots = []
        for layer in layers:
            for name in ("weight", "bias"):
                zeros = np.zeros_like(getattr(layer, name))
                self.slots.append([layer, name, zeros, zeros.copy()])

    def step(self):
        self.t += 1
        for slot in self.slots:
            layer, name, m, v = slot
            g = layer.grad[name]
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            step = self.lr * m / (1 - 0.9 ** self.t) / (np.sqrt(v / (1 - 0.999 ** self.t)) + 1e-8)
            setattr(layer, name, getattr(layer, name) - step)


def mse(y, t):
    return float(np.mean((y - t) ** 2))


def mse_gradient(y, t):
    return 2 * (y - t) / y.size


def faulty():
    rng = np.random.default_rng(54)
    x = rng.normal(size=(160, 5))
    t = np.stack([np.sin(x[:, 0]) + x[:, 1], x[:, 2] * 0.8 - x[:, 3]], axis=1)
    model = Regression(rng)
    return {"training_check": True, "subject": model, "x": x[:120], "target": t[:120],
            "optimizer": Adam([model.hidden, model.output]), "loss": (mse, mse_gradient),
            "evaluation": (x[120:], t[120:]), "batch_size": 30, "steps": 80}


def correct():
    rng = np.random.default_rng(54)
    x = rng.normal(size=(160, 5))
    t = np.stack([np.sin(x[:, 0]) + x[:, 1], x[:, 2] * 0.8 - x[:, 3]], axis=1)
    model = RegressionRepaired(rng)
    return {"training_check": True, "subject": model, "x": x[:120], "target": t[:120],
            "optimizer": AdamRepaired([model.hidden, model.output]), "loss": (mse, mse_gradient),
            "evaluation": (x[120:], t[120:]), "batch_size": 30, "steps": 80}
