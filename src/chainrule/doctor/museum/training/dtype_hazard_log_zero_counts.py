"""Word counts go through a logarithm in the first layer (float32).

Symptom: Loss is nan from the first batch.
Repair: log1p: counts can be zero.
"""
import numpy as np

CODES = ('dtype-hazard',)
PLACES = ('x', 'logs', 'layers.0', '')

def word_counts(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    rates = np.exp(np.random.default_rng(7).normal(0.3, 1.0, (3, 10)))
    return rng.poisson(rates[y]).astype(np.float32), y


def softmax_loss(s, y):
    s = s - s.max(1, keepdims=True)
    return float(np.mean(np.log(np.exp(s).sum(1)) - s[np.arange(len(y)), y]))


def softmax_loss_grad(s, y):
    p = np.exp(s - s.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return (p / len(y)).astype(np.float32)


class Linear:
    def __init__(self, n_in, n_out, gain, seed):
        self.w = (np.random.default_rng(seed).normal(size=(n_in, n_out)) * gain / np.sqrt(n_in)).astype(np.float32)
        self.b = np.zeros(n_out, np.float32)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dy):
        self.dw, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.w.T


class TanhLayer:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y ** 2)


class SGD:
    def __init__(self, layers, lr):
        self.layers, self.lr = [l for l in layers if hasattr(l, "w")], lr

    def step(self):
        for l in self.layers:
            l.w -= np.float32(self.lr) * l.dw
            l.b -= np.float32(self.lr) * l.db


class LogCounts:
    def forward(self, x):
        self.x = x
        return np.log(x)  # FAULT

    def backward(self, dy):
        return dy / self.x  # FAULT


class TopicNet:
    def __init__(self):
        self.layers = [LogCounts(), Linear(10, 12, 1.0, 1), TanhLayer(), Linear(12, 3, 0.3, 2)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class LogCountsRepaired:
    def forward(self, x):
        self.x = x
        return np.log1p(x)

    def backward(self, dy):
        return dy / (1 + self.x)


class TopicNetRepaired:
    def __init__(self):
        self.layers = [LogCountsRepaired(), Linear(10, 12, 1.0, 1), TanhLayer(), Linear(12, 3, 0.3, 2)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


def faulty():
    x, y = word_counts(140, 0)
    net = TopicNet()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": SGD(net.layers, 0.02),
            "loss": (softmax_loss, softmax_loss_grad), "evaluation": word_counts(60, 1), "learning_rate": 0.02, "batch_size": 14, "steps": 500}


def correct():
    x, y = word_counts(140, 0)
    net = TopicNetRepaired()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": SGD(net.layers, 0.02),
            "loss": (softmax_loss, softmax_loss_grad), "evaluation": word_counts(60, 1), "learning_rate": 0.02, "batch_size": 14, "steps": 500}
