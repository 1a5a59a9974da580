"""A network trained with the learning rate of another optimizer.

Symptom: the loss falls in the sixth digit.
Repair: plain gradient descent wants a step some hundred thousand times larger.
"""
import numpy as np

CODES = ("update-ratio-off",)
PLACES = ("", "W1", "W2", "learning_rate")


class Net:
    def __init__(self, rng):
        self.W1 = rng.normal(size=(10, 16)) / np.sqrt(10)
        self.b1 = np.zeros(16)
        self.W2 = rng.normal(size=(16, 4)) / np.sqrt(16)
        self.b2 = np.zeros(4)

    def forward(self, x):
        self.x = x
        self.a = np.tanh(x @ self.W1 + self.b1)
        return self.a @ self.W2 + self.b2

    def backward(self, dz):
        self.gradients = {"W2": self.a.T @ dz, "b2": dz.sum(0)}
        da = dz @ self.W2.T * (1 - self.a ** 2)
        self.gradients.update(W1=self.x.T @ da, b1=da.sum(0))
        return da @ self.W1.T

    def step(self, x, y, learning_rate=1e-6):  # FAULT
        z = self.forward(x)
        z = z - z.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        for name, gradient in self.gradients.items():
            setattr(self, name, getattr(self, name) - learning_rate * gradient)
        return float(loss)


class NetRepaired:
    def __init__(self, rng):
        self.W1 = rng.normal(size=(10, 16)) / np.sqrt(10)
        self.b1 = np.zeros(16)
        self.W2 = rng.normal(size=(16, 4)) / np.sqrt(16)
        self.b2 = np.zeros(4)

    def forward(self, x):
        self.x = x
        self.a = np.tanh(x @ self.W1 + self.b1)
        return self.a @ self.W2 + self.b2

    def backward(self, dz):
        self.gradients = {"W2": self.a.T @ dz, "b2": dz.sum(0)}
        da = dz @ self.W2.T * (1 - self.a ** 2)
        self.gradients.update(W1=self.x.T @ da, b1=da.sum(0))
        return da @ self.W1.T

    def step(self, x, y, learning_rate=0.1):
        z = self.forward(x)
        z = z - z.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        for name, gradient in self.gradients.items():
            setattr(self, name, getattr(self, name) - learning_rate * gradient)
        return float(loss)


def faulty():
    rng = np.random.default_rng(53)
    centers = rng.normal(size=(4, 10))
    y = rng.integers(4, size=200)
    x = centers[y] + 0.6 * rng.normal(size=(200, 10))
    return {"training_check": True, "subject": Net(rng), "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "batch_size": 30, "steps": 60}


def correct():
    rng = np.random.default_rng(53)
    centers = rng.normal(size=(4, 10))
    y = rng.integers(4, size=200)
    x = centers[y] + 0.6 * rng.normal(size=(200, 10))
    return {"training_check": True, "subject": NetRepaired(rng), "x": x[:150], "target": y[:150],
            "evaluation": (x[150:], y[150:]), "batch_size": 30, "steps": 60}
