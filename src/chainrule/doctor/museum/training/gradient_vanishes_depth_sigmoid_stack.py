"""Nine layers, features first, sigmoid units with Glorot weights.

Symptom: The first layers do not move; the gradient shrinks about fourfold per layer.
Repair: Use tanh, for which Glorot's rule was made.
"""
import numpy as np

CODES = ('gradient-vanishes', 'single-class-collapse')
PLACES = ('W1', 'params', 'params.W1', 'layers.0', '')

def two_moons_plus(n, seed):
    rs = np.random.RandomState(seed)
    y = rs.randint(0, 2, n)
    a = rs.rand(n) * np.pi
    X = np.stack([np.cos(a) + y, np.sin(a) * (1 - 2 * y) + 0.3 * y, rs.randn(n) * 0.3])
    return X + 0.1 * rs.randn(3, n), y          # features first: (3, n)


def nll(Z, y):
    Z = Z - Z.max(0)
    return -np.mean(Z[y, np.arange(len(y))] - np.log(np.exp(Z).sum(0)))


def act(z):
    return 1 / (1 + np.exp(-z))  # FAULT


def act_prime(a):
    return a * (1 - a)  # FAULT


class DeepStack:
    def __init__(self, dims=(3, 12, 12, 12, 12, 12, 12, 12, 12, 2)):
        rs = np.random.RandomState(0)
        self.L = len(dims) - 1
        self.params = {}
        for l in range(1, self.L + 1):
            lim = np.sqrt(6.0 / (dims[l] + dims[l - 1]))
            self.params["W%d" % l] = rs.uniform(-lim, lim, (dims[l], dims[l - 1]))
            self.params["b%d" % l] = np.zeros((dims[l], 1))

    def forward(self, X):
        self.A = [X.T]
        for l in range(1, self.L + 1):
            Z = self.params["W%d" % l] @ self.A[-1] + self.params["b%d" % l]
            self.A.append(Z if l == self.L else act(Z))
        return self.A[-1].T

    def backward(self, dY):
        dZ, self.grads = dY.T, {}
        for l in range(self.L, 0, -1):
            self.grads["W%d" % l] = dZ @ self.A[l - 1].T
            self.grads["b%d" % l] = dZ.sum(1, keepdims=True)
            dA = self.params["W%d" % l].T @ dZ
            dZ = dA * act_prime(self.A[l - 1]) if l > 1 else dA
        return dZ.T


class Trainer:
    def __init__(self, net, alpha):
        self.net, self.alpha = net, alpha

    def step(self):
        for key in self.net.params:
            self.net.params[key] = self.net.params[key] - self.alpha * self.net.grads[key]


def loss(out, y):
    return nll(out.T, y)


def loss_prime(out, y):
    e = np.exp(out - out.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    return (p - np.eye(2)[y]) / len(y)


def act_repaired(z):
    return np.tanh(z)


def act_prime_repaired(a):
    return 1 - a ** 2


class DeepStackRepaired:
    def __init__(self, dims=(3, 12, 12, 12, 12, 12, 12, 12, 12, 2)):
        rs = np.random.RandomState(0)
        self.L = len(dims) - 1
        self.params = {}
        for l in range(1, self.L + 1):
            lim = np.sqrt(6.0 / (dims[l] + dims[l - 1]))
            self.params["W%d" % l] = rs.uniform(-lim, lim, (dims[l], dims[l - 1]))
            self.params["b%d" % l] = np.zeros((dims[l], 1))

    def forward(self, X):
        self.A = [X.T]
        for l in range(1, self.L + 1):
            Z = self.params["W%d" % l] @ self.A[-1] + self.params["b%d" % l]
            self.A.append(Z if l == self.L else act_repaired(Z))
        return self.A[-1].T

    def backward(self, dY):
        dZ, self.grads = dY.T, {}
        for l in range(self.L, 0, -1):
            self.grads["W%d" % l] = dZ @ self.A[l - 1].T
            self.grads["b%d" % l] = dZ.sum(1, keepdims=True)
            dA = self.params["W%d" % l].T @ dZ
            dZ = dA * act_prime_repaired(self.A[l - 1]) if l > 1 else dA
        return dZ.T


class TrainerRepaired:
    def __init__(self, net, alpha):
        self.net, self.alpha = net, alpha

    def step(self):
        for key in self.net.params:
            self.net.params[key] = self.net.params[key] - self.alpha * self.net.grads[key]


def loss(out, y):
    return nll(out.T, y)


def loss_prime(out, y):
    e = np.exp(out - out.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    return (p - np.eye(2)[y]) / len(y)


def faulty():
    X, y = two_moons_plus(160, 0)
    Xe, ye = two_moons_plus(80, 1)
    net = DeepStack()
    return {"training_check": True, "subject": net, "x": X.T, "target": y, "optimizer": Trainer(net, 0.05),
            "loss": (loss, loss_prime), "evaluation": (Xe.T, ye), "learning_rate": 0.05, "batch_size": 16, "steps": 400}


def correct():
    X, y = two_moons_plus(160, 0)
    Xe, ye = two_moons_plus(80, 1)
    net = DeepStackRepaired()
    return {"training_check": True, "subject": net, "x": X.T, "target": y, "optimizer": TrainerRepaired(net, 0.05),
            "loss": (loss, loss_prime), "evaluation": (Xe.T, ye), "learning_rate": 0.05, "batch_size": 16, "steps": 400}
