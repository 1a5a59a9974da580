"""A small network with batch normalization that leaves out gamma on the way back.

Symptom: the first layer learns at a speed that does not follow the scale of the norm.
Repair: multiply by gamma before the gradient goes through the statistics.
"""
import numpy as np

CODES = ("norm-scale-dropped",)
PLACES = ("bn", "norm", "x", "fc1", "fc1.W", "fc1.b")


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))
        self.b = rng.normal(0, 0.1, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.W_grad = self.x.T @ grad
        self.b_grad = grad.sum(0)
        return grad @ self.W.T


class BatchNorm:
    def __init__(self, width, rng):
        self.gamma = rng.uniform(0.5, 2.0, width)
        self.beta = rng.normal(0, 0.1, width)

    def forward(self, x):
        self.mu, self.var = x.mean(0), x.var(0)
        self.ivar = 1 / np.sqrt(self.var + 1e-5)
        self.xhat = (x - self.mu) * self.ivar
        return self.gamma * self.xhat + self.beta

    def backward(self, grad):
        self.gamma_grad = (grad * self.xhat).sum(0)
        self.beta_grad = grad.sum(0)
        m = grad.shape[0]
        dxhat = grad  # FAULT
        return self.ivar / m * (m * dxhat - dxhat.sum(0) - self.xhat * (dxhat * self.xhat).sum(0))


class Network:
    def __init__(self, n_in, width, n_out, rng):
        self.fc1 = Dense(n_in, width, rng)
        self.bn = BatchNorm(width, rng)
        self.fc2 = Dense(width, n_out, rng)

    def forward(self, x):
        self.h = np.tanh(self.bn.forward(self.fc1.forward(x)))
        return self.fc2.forward(self.h)

    def backward(self, grad):
        grad = self.fc2.backward(grad) * (1 - self.h**2)
        return self.fc1.backward(self.bn.backward(grad))


class BatchNormRepaired:
    def __init__(self, width, rng):
        self.gamma = rng.uniform(0.5, 2.0, width)
        self.beta = rng.normal(0, 0.1, width)

    def forward(self, x):
        self.mu, self.var = x.mean(0), x.var(0)
        self.ivar = 1 / np.sqrt(self.var + 1e-5)
        self.xhat = (x - self.mu) * self.ivar
        return self.gamma * self.xhat + self.beta

    def backward(self, grad):
        self.gamma_grad = (grad * self.xhat).sum(0)
        self.beta_grad = grad.sum(0)
        m = grad.shape[0]
        dxhat = grad * self.gamma
        return self.ivar / m * (m * dxhat - dxhat.sum(0) - self.xhat * (dxhat * self.xhat).sum(0))


class NetworkRepaired:
    def __init__(self, n_in, width, n_out, rng):
        self.fc1 = Dense(n_in, width, rng)
        self.bn = BatchNormRepaired(width, rng)
        self.fc2 = Dense(width, n_out, rng)

    def forward(self, x):
        self.h = np.tanh(self.bn.forward(self.fc1.forward(x)))
        return self.fc2.forward(self.h)

    def backward(self, grad):
        grad = self.fc2.backward(grad) * (1 - self.h**2)
        return self.fc1.backward(self.bn.backward(grad))


def faulty():
    rng = np.random.default_rng(6)
    return {"subject": Network(3, 5, 2, rng), "inputs": (rng.normal(size=(8, 3)),)}


def correct():
    rng = np.random.default_rng(6)
    return {"subject": NetworkRepaired(3, 5, 2, rng), "inputs": (rng.normal(size=(8, 3)),)}
