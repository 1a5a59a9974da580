"""A plain stack of eight leaky ReLU layers initialized with a gain far too large.

Symptom: the lower a layer, the larger its gradient, by a constant factor from layer to layer.
Repair: divide by the root of the fan-in (He).
"""
import numpy as np

CODES = ("gradient-explodes", "initial-loss-off")
PLACES = ("blocks", "blocks.0", "blocks.1", "blocks.7", "head", "")


class Affine:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dy):
        self.grad_w = self.x.T @ dy
        self.grad_b = dy.sum(0)
        return dy @ self.w.T


class LeakyReLU:
    def forward(self, x):
        self.slope = np.where(x > 0, 1.0, 0.2)
        return x * self.slope

    def backward(self, dy):
        return dy * self.slope


class PlainNet:
    def __init__(self, width, depth, n_classes, rng):
        std = 1.0  # FAULT
        self.blocks = []
        for _ in range(depth):
            w = rng.normal(0, std, (width, width))
            self.blocks.append([Affine(w, np.zeros(width)), LeakyReLU()])
        w = rng.normal(0, 0.5 / np.sqrt(width), (width, n_classes))
        self.head = Affine(w, np.zeros(n_classes))

    def forward(self, x):
        for affine, relu in self.blocks:
            x = relu.forward(affine.forward(x))
        return self.head.forward(x)

    def backward(self, dy):
        dy = self.head.backward(dy)
        for affine, relu in reversed(self.blocks):
            dy = affine.backward(relu.backward(dy))
        return dy


class SGD:
    def __init__(self, net, lr):
        self.layers = [affine for affine, _ in net.blocks] + [net.head]
        self.lr = lr

    def step(self):
        for layer in self.layers:
            layer.w -= self.lr * layer.grad_w
            layer.b -= self.lr * layer.grad_b


class AffineRepaired:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dy):
        self.grad_w = self.x.T @ dy
        self.grad_b = dy.sum(0)
        return dy @ self.w.T


class LeakyReLURepaired:
    def forward(self, x):
        self.slope = np.where(x > 0, 1.0, 0.2)
        return x * self.slope

    def backward(self, dy):
        return dy * self.slope


class PlainNetRepaired:
    def __init__(self, width, depth, n_classes, rng):
        std = np.sqrt(2.0 / (1.04 * width))
        self.blocks = []
        for _ in range(depth):
            w = rng.normal(0, std, (width, width))
            self.blocks.append([AffineRepaired(w, np.zeros(width)), LeakyReLURepaired()])
        w = rng.normal(0, 0.5 / np.sqrt(width), (width, n_classes))
        self.head = AffineRepaired(w, np.zeros(n_classes))

    def forward(self, x):
        for affine, relu in self.blocks:
            x = relu.forward(affine.forward(x))
        return self.head.forward(x)

    def backward(self, dy):
        dy = self.head.backward(dy)
        for affine, relu in reversed(self.blocks):
            dy = affine.backward(relu.backward(dy))
        return dy


class SGD_REPAIRED:
    def __init__(self, net, lr):
        self.layers = [affine for affine, _ in net.blocks] + [net.head]
        self.lr = lr

    def step(self):
        for layer in self.layers:
            layer.w -= self.lr * layer.grad_w
            layer.b -= self.lr * layer.grad_b


def nll(logits, y):
    z = logits - logits.max(1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]))


def nll_gradient(logits, y):
    z = np.exp(logits - logits.max(1, keepdims=True))
    z /= z.sum(1, keepdims=True)
    z[np.arange(len(y)), y] -= 1
    return z / len(y)


def faulty():
    rng = np.random.default_rng(40)
    centers = rng.normal(size=(4, 17))
    y = rng.integers(4, size=180)
    x = centers[y] + 0.5 * rng.normal(size=(180, 17))
    net = PlainNet(17, 8, 4, rng)
    return {"training_check": True, "subject": net, "x": x[:140], "target": y[:140],
            "optimizer": SGD(net, 0.02),
            "loss": (nll, nll_gradient), "evaluation": (x[140:], y[140:]), "learning_rate": 0.02,
            "batch_size": 35,
            "steps": 60}


def correct():
    rng = np.random.default_rng(40)
    centers = rng.normal(size=(4, 17))
    y = rng.integers(4, size=180)
    x = centers[y] + 0.5 * rng.normal(size=(180, 17))
    net = PlainNetRepaired(17, 8, 4, rng)
    return {"training_check": True, "subject": net, "x": x[:140], "target": y[:140],
            "optimizer": SGD_REPAIRED(net, 0.02),
            "loss": (nll, nll_gradient), "evaluation": (x[140:], y[140:]), "learning_rate": 0.02,
            "batch_size": 35,
            "steps": 60}
