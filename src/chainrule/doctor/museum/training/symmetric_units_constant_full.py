"""Layers with backward(dy, learning_rate) that update themselves; constant initialization.

Symptom: All hidden neurons stay copies of each other; the accuracy stops far too early.
Repair: Draw the weights at random.
"""
import numpy as np

CODES = ('symmetric-units',)
PLACES = ('W', 'layers.0', 'layers.0.W', 'layers.2', 'layers.2.W', '')

def quadrants(n, seed):
    r = np.random.RandomState(seed)
    x = r.randn(n, 2)
    return np.c_[x, r.randn(n, 2) * 0.3], (x[:, 0] > 0) * 1 + (x[:, 1] > 0) * 2


def cost(y, t):
    y = y - y.max(1, keepdims=True)
    return np.mean(np.log(np.exp(y).sum(1)) - y[np.arange(len(t)), t])


def cost_prime(y, t):
    p = np.exp(y - y.max(1, keepdims=True))
    p = p / p.sum(1, keepdims=True)
    p[np.arange(len(t)), t] -= 1.0
    return p / len(t)


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy, learning_rate):
        return dy * (1 - self.y ** 2)


class Dense:
    def __init__(self, n_in, n_out, seed):
        self.W = np.full((n_in, n_out), 0.2)  # FAULT
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dy, learning_rate):
        dx = np.dot(dy, self.W.T)
        self.dW, self.db = np.dot(self.x.T, dy), dy.sum(axis=0)
        self.W -= learning_rate * self.dW
        self.b -= learning_rate * self.db
        return dx


class Classifier:
    def __init__(self):
        self.layers = [Dense(4, 10, 1), Tanh(), Dense(10, 4, 2)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy, learning_rate):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy, learning_rate)
        return dy


class DenseRepaired:
    def __init__(self, n_in, n_out, seed):
        self.W = np.random.RandomState(seed).randn(n_in, n_out) * 0.6 / np.sqrt(n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dy, learning_rate):
        dx = np.dot(dy, self.W.T)
        self.dW, self.db = np.dot(self.x.T, dy), dy.sum(axis=0)
        self.W -= learning_rate * self.dW
        self.b -= learning_rate * self.db
        return dx


class ClassifierRepaired:
    def __init__(self):
        self.layers = [DenseRepaired(4, 10, 1), Tanh(), DenseRepaired(10, 4, 2)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy, learning_rate):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy, learning_rate)
        return dy


def faulty():
    x, t = quadrants(160, 0)
    return {"training_check": True, "subject": Classifier(), "x": x, "target": t, "optimizer": None,
            "loss": (cost, cost_prime), "evaluation": quadrants(80, 1), "learning_rate": 0.03, "batch_size": 16, "steps": 700}


def correct():
    x, t = quadrants(160, 0)
    return {"training_check": True, "subject": ClassifierRepaired(), "x": x, "target": t, "optimizer": None,
            "loss": (cost, cost_prime), "evaluation": quadrants(80, 1), "learning_rate": 0.03, "batch_size": 16, "steps": 700}
