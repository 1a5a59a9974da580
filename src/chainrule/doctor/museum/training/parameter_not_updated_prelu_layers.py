"""Layer-list network with PReLU; the optimizer gathers parameters by name.

Symptom: The slopes of the PReLU stay at 0.25 for ever.
Repair: Gather 'slope' too.
"""
import numpy as np

CODES = ('parameter-not-updated',)
PLACES = ('slope', 'layers.1.slope', 'layers.1', 'layers.3.slope', 'layers.3', '')

class Linear:
    def __init__(self, rng, n_in, n_out, gain=1.0):
        self.W = rng.normal(0, gain / np.sqrt(n_in), (n_out, n_in))
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W.T + self.b

    def backward(self, dout):
        self.dW, self.db = dout.T @ self.x, dout.sum(0)
        return dout @ self.W


class PReLU:
    def __init__(self, n):
        self.slope = np.full(n, 0.25)

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.slope * x)

    def backward(self, dout):
        neg = self.x <= 0
        self.dslope = (dout * self.x * neg).sum(0)
        return dout * np.where(neg, self.slope, 1.0)


def xor_data(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 3))
    return x, ((x[:, 0] * x[:, 1] > 0) + 2 * (x[:, 2] > 0)).astype(int)


def ce(logits, t):
    z = logits - logits.max(1, keepdims=True)
    return -np.mean((z - np.log(np.exp(z).sum(1, keepdims=True)))[np.arange(len(t)), t])


def dce(logits, t):
    z = np.exp(logits - logits.max(1, keepdims=True))
    z /= z.sum(1, keepdims=True)
    z[np.arange(len(t)), t] -= 1
    return z / len(t)


class Network:
    def __init__(self, seed=2):
        rng = np.random.default_rng(seed)
        self.layers = [Linear(rng, 3, 16, 1.4), PReLU(16), Linear(rng, 16, 12, 1.4), PReLU(12), Linear(rng, 12, 4, 0.5)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout


class HeavyBall:
    def __init__(self, network, lr=0.01, rho=0.9):
        self.lr, self.rho, self.slots = lr, rho, []
        for layer in network.layers:
            for name in ("W", "b"):  # FAULT
                if hasattr(layer, name):
                    self.slots.append([layer, name, np.zeros_like(getattr(layer, name))])

    def step(self):
        for layer, name, vel in self.slots:
            vel *= self.rho
            vel += getattr(layer, "d" + name)
            getattr(layer, name)[...] -= self.lr * vel


class NetworkRepaired:
    def __init__(self, seed=2):
        rng = np.random.default_rng(seed)
        self.layers = [Linear(rng, 3, 16, 1.4), PReLU(16), Linear(rng, 16, 12, 1.4), PReLU(12), Linear(rng, 12, 4, 0.5)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout


class HeavyBallRepaired:
    def __init__(self, network, lr=0.01, rho=0.9):
        self.lr, self.rho, self.slots = lr, rho, []
        for layer in network.layers:
            for name in ("W", "b", "slope"):
                if hasattr(layer, name):
                    self.slots.append([layer, name, np.zeros_like(getattr(layer, name))])

    def step(self):
        for layer, name, vel in self.slots:
            vel *= self.rho
            vel += getattr(layer, "d" + name)
            getattr(layer, name)[...] -= self.lr * vel


def faulty():
    x, y = xor_data(200, 0)
    network = Network()
    return {"training_check": True, "subject": network, "x": x, "target": y, "optimizer": HeavyBall(network),
            "loss": (ce, dce), "evaluation": xor_data(80, 1), "learning_rate": 0.01, "batch_size": 20, "steps": 400}


def correct():
    x, y = xor_data(200, 0)
    network = NetworkRepaired()
    return {"training_check": True, "subject": network, "x": x, "target": y, "optimizer": HeavyBallRepaired(network),
            "loss": (ce, dce), "evaluation": xor_data(80, 1), "learning_rate": 0.01, "batch_size": 20, "steps": 400}
