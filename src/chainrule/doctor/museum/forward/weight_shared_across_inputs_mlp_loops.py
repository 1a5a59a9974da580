"""My first neural network from scratch (pure loops so that I understand it). One column per example.

Symptom: the network cannot tell features apart; XOR works half, iris stays at 60 percent.
Repair: every neuron needs one weight per input: w has shape (n_out, n_in), and w[j][i] is used.
"""
import numpy as np

CODES = ("weight-shared-across-inputs",)
PLACES = ("layers.0", "layers.1", "w", "x", "")


class FullyConnected:
    def __init__(self, n_in, n_out, activation):
        self.n_in, self.n_out, self.activation = n_in, n_out, activation
        self.w = np.random.randn(n_out) * 0.5        # FAULT
        self.b = np.random.randn(n_out) * 0.2

    def forward(self, x):
        self.x = x
        self.a = np.zeros((self.n_out, x.shape[1]))
        for j in range(self.n_out):
            z = self.b[j]
            for i in range(self.n_in):
                z = z + self.w[j] * x[i]
            self.a[j] = np.tanh(z) if self.activation == "tanh" else z
        return self.a

    def backward(self, delta):
        self.dw = np.zeros(self.w.shape)
        self.db = np.zeros(self.n_out)
        dx = np.zeros_like(self.x)
        for j in range(self.n_out):
            dz = delta[j] * (1 - self.a[j] ** 2) if self.activation == "tanh" else delta[j]
            self.db[j] = dz.sum()
            for i in range(self.n_in):
                self.dw[j] += (dz * self.x[i]).sum()
                dx[i] += dz * self.w[j]
        return dx


class NeuralNetwork:
    def __init__(self, sizes=(5, 4, 3)):
        self.layers = [FullyConnected(sizes[0], sizes[1], "tanh"), FullyConnected(sizes[1], sizes[2], "linear")]

    def forward(self, x):
        out = x
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, delta):
        for layer in self.layers[::-1]:
            delta = layer.backward(delta)
        return delta


class FullyConnectedRepaired:
    def __init__(self, n_in, n_out, activation):
        self.n_in, self.n_out, self.activation = n_in, n_out, activation
        self.w = np.random.randn(n_out, n_in) * 0.5
        self.b = np.random.randn(n_out) * 0.2

    def forward(self, x):
        self.x = x
        self.a = np.zeros((self.n_out, x.shape[1]))
        for j in range(self.n_out):
            z = self.b[j]
            for i in range(self.n_in):
                z = z + self.w[j][i] * x[i]
            self.a[j] = np.tanh(z) if self.activation == "tanh" else z
        return self.a

    def backward(self, delta):
        self.dw = np.zeros(self.w.shape)
        self.db = np.zeros(self.n_out)
        dx = np.zeros_like(self.x)
        for j in range(self.n_out):
            dz = delta[j] * (1 - self.a[j] ** 2) if self.activation == "tanh" else delta[j]
            self.db[j] = dz.sum()
            for i in range(self.n_in):
                self.dw[j][i] += (dz * self.x[i]).sum()
                dx[i] += dz * self.w[j][i]
        return dx


class NeuralNetworkRepaired:
    def __init__(self, sizes=(5, 4, 3)):
        self.layers = [FullyConnectedRepaired(sizes[0], sizes[1], "tanh"), FullyConnectedRepaired(sizes[1], sizes[2], "linear")]

    def forward(self, x):
        out = x
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, delta):
        for layer in self.layers[::-1]:
            delta = layer.backward(delta)
        return delta


def faulty():
    np.random.seed(5)
    return {"subject": NeuralNetwork(), "inputs": (np.random.randn(5, 6),)}


def correct():
    np.random.seed(5)
    return {"subject": NeuralNetworkRepaired(), "inputs": (np.random.randn(5, 6),)}
