"""Convolution + sigmoid + dense network without any framework.

Symptom: The network answers one class for every picture, and keeps doing so.
Repair: Initialize by Glorot's rule.
"""
import numpy as np

CODES = ('single-class-collapse',)
PLACES = ('conv', 'dense1', 'conv.weights', 'dense1.weights', 'layers.0', 'layers.2', '')

def pictures(n, seed):
    rng = np.random.RandomState(seed)
    label = rng.randint(0, 3, n)
    img = rng.rand(n, 1, 7, 7) * 0.4
    for i in range(n):
        r, c = rng.randint(0, 4, 2)
        shape = [np.ones((3, 3)), np.eye(3), np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0.0]])][label[i]]
        img[i, 0, r:r + 3, c:c + 3] += 0.6 * shape
    return img, label


def objective(out, label):
    out = out - out.max(1, keepdims=True)
    return -np.mean(out[np.arange(len(label)), label] - np.log(np.exp(out).sum(1)))


def objective_gradient(out, label):
    p = np.exp(out - out.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(label)), label] -= 1
    return p / len(label)


class Sigmoid:
    def forward(self, x):
        self.s = 1 / (1 + np.exp(-x))
        return self.s

    def backward(self, g):
        return g * self.s * (1 - self.s)


def new_weights(rng, shape, fan_in, fan_out):
    return rng.rand(*shape)  # FAULT


class Convolution:
    def __init__(self, rng, n_in, n_out, k):
        self.weights = new_weights(rng, (n_out, n_in, k, k), n_in * k * k, n_out * k * k)
        self.bias = np.zeros(n_out)
        self.k = k

    def forward(self, x):
        self.x = x
        self.h = x.shape[2] - self.k + 1
        out = np.zeros((x.shape[0], len(self.bias), self.h, self.h)) + self.bias[:, None, None]
        for i in range(self.k):
            for j in range(self.k):
                out += np.tensordot(x[:, :, i:i + self.h, j:j + self.h], self.weights[:, :, i, j], (1, 1)).transpose(0, 3, 1, 2)
        return out

    def backward(self, g):
        dx = np.zeros_like(self.x)
        self.grad_weights = np.zeros_like(self.weights)
        self.grad_bias = g.sum((0, 2, 3))
        for i in range(self.k):
            for j in range(self.k):
                patch = self.x[:, :, i:i + self.h, j:j + self.h]
                self.grad_weights[:, :, i, j] = np.einsum("nohw,nchw->oc", g, patch)
                dx[:, :, i:i + self.h, j:j + self.h] += np.einsum("nohw,oc->nchw", g, self.weights[:, :, i, j])
        return dx


class FullyConnected:
    def __init__(self, rng, n_in, n_out):
        self.weights = new_weights(rng, (n_in, n_out), n_in, n_out)
        self.bias = np.zeros(n_out)

    def forward(self, x):
        self.shape = x.shape
        self.x = x.reshape(len(x), -1)
        return self.x @ self.weights + self.bias

    def backward(self, g):
        self.grad_weights, self.grad_bias = self.x.T @ g, g.sum(0)
        return (g @ self.weights.T).reshape(self.shape)


class PictureNet:
    def __init__(self):
        rng = np.random.RandomState(1)
        self.layers = [Convolution(rng, 1, 5, 3), Sigmoid(), FullyConnected(rng, 125, 12), Sigmoid(), FullyConnected(rng, 12, 3)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, g):
        for layer in self.layers[::-1]:
            g = layer.backward(g)
        return g


class MomentumSGD:
    def __init__(self, net, lr=0.1, momentum=0.9):
        self.net, self.lr, self.momentum, self.buf = net, lr, momentum, {}

    def step(self):
        for i, layer in enumerate(self.net.layers):
            for n in ("weights", "bias"):
                if hasattr(layer, n):
                    v = self.momentum * self.buf.get((i, n), 0) + getattr(layer, "grad_" + n)
                    self.buf[i, n] = v
                    setattr(layer, n, getattr(layer, n) - self.lr * v)


def new_weights_repaired(rng, shape, fan_in, fan_out):
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return 1.5 * rng.uniform(-limit, limit, shape)


class ConvolutionRepaired:
    def __init__(self, rng, n_in, n_out, k):
        self.weights = new_weights_repaired(rng, (n_out, n_in, k, k), n_in * k * k, n_out * k * k)
        self.bias = np.zeros(n_out)
        self.k = k

    def forward(self, x):
        self.x = x
        self.h = x.shape[2] - self.k + 1
        out = np.zeros((x.shape[0], len(self.bias), self.h, self.h)) + self.bias[:, None, None]
        for i in range(self.k):
            for j in range(self.k):
                out += np.tensordot(x[:, :, i:i + self.h, j:j + self.h], self.weights[:, :, i, j], (1, 1)).transpose(0, 3, 1, 2)
        return out

    def backward(self, g):
        dx = np.zeros_like(self.x)
        self.grad_weights = np.zeros_like(self.weights)
        self.grad_bias = g.sum((0, 2, 3))
        for i in range(self.k):
            for j in range(self.k):
                patch = self.x[:, :, i:i + self.h, j:j + self.h]
                self.grad_weights[:, :, i, j] = np.einsum("nohw,nchw->oc", g, patch)
                dx[:, :, i:i + self.h, j:j + self.h] += np.einsum("nohw,oc->nchw", g, self.weights[:, :, i, j])
        return dx


class FullyConnectedRepaired:
    def __init__(self, rng, n_in, n_out):
        self.weights = new_weights_repaired(rng, (n_in, n_out), n_in, n_out)
        self.bias = np.zeros(n_out)

    def forward(self, x):
        self.shape = x.shape
        self.x = x.reshape(len(x), -1)
        return self.x @ self.weights + self.bias

    def backward(self, g):
        self.grad_weights, self.grad_bias = self.x.T @ g, g.sum(0)
        return (g @ self.weights.T).reshape(self.shape)


class PictureNetRepaired:
    def __init__(self):
        rng = np.random.RandomState(1)
        self.layers = [ConvolutionRepaired(rng, 1, 5, 3), Sigmoid(), FullyConnectedRepaired(rng, 125, 12), Sigmoid(), FullyConnectedRepaired(rng, 12, 3)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, g):
        for layer in self.layers[::-1]:
            g = layer.backward(g)
        return g


class MomentumSGDRepaired:
    def __init__(self, net, lr=0.1, momentum=0.9):
        self.net, self.lr, self.momentum, self.buf = net, lr, momentum, {}

    def step(self):
        for i, layer in enumerate(self.net.layers):
            for n in ("weights", "bias"):
                if hasattr(layer, n):
                    v = self.momentum * self.buf.get((i, n), 0) + getattr(layer, "grad_" + n)
                    self.buf[i, n] = v
                    setattr(layer, n, getattr(layer, n) - self.lr * v)


def faulty():
    img, label = pictures(120, 0)
    net = PictureNet()
    return {"training_check": True, "subject": net, "x": img, "target": label, "optimizer": MomentumSGD(net, 0.04),
            "loss": (objective, objective_gradient), "evaluation": pictures(60, 1), "learning_rate": 0.04, "batch_size": 20, "steps": 900}


def correct():
    img, label = pictures(120, 0)
    net = PictureNetRepaired()
    return {"training_check": True, "subject": net, "x": img, "target": label, "optimizer": MomentumSGDRepaired(net, 0.04),
            "loss": (objective, objective_gradient), "evaluation": pictures(60, 1), "learning_rate": 0.04, "batch_size": 20, "steps": 900}
