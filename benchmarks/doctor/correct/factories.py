"""Factories: a callable with default sizes makes the layer, so that other sizes can be tried. All correct."""
import numpy as np


def make_dense(n_in=5, n_out=3, seed=0):
    return Dense(n_in, n_out, np.random.default_rng(seed))


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out))
        self.b = rng.normal(size=n_out)

    def forward(self, x):
        assert x.shape[-1] == self.W.shape[0], f"expected {self.W.shape[0]} features, got {x.shape[-1]}"
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(0)
        return dy @ self.W.T


def case_dense():
    rng = np.random.default_rng(1)
    return {"subject": make_dense, "inputs": (rng.normal(size=(4, 5)),)}


def case_square_dense_single_sample():
    """A careless probe: a square weight and one sample."""
    rng = np.random.default_rng(2)
    return {"subject": lambda n_in=4, n_out=4: make_dense(n_in, n_out), "inputs": (rng.normal(size=(1, 4)),)}


class Conv:
    """The class itself is given; its defaults are its sizes."""

    def __init__(self, in_channels=2, out_channels=3, kernel_size=3, stride=1, padding=1, seed=3):
        rng = np.random.default_rng(seed)
        self.weight = rng.normal(size=(out_channels, in_channels, kernel_size, kernel_size)) * 0.3
        self.bias = rng.normal(size=out_channels) * 0.1
        self.stride, self.padding, self.k = stride, padding, kernel_size

    def forward(self, x):
        p, s, k = self.padding, self.stride, self.k
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.shapes = x.shape, xp.shape
        self.win = np.lib.stride_tricks.sliding_window_view(xp, (k, k), axis=(2, 3))[:, :, ::s, ::s]
        return np.einsum("nchwij,ocij->nohw", self.win, self.weight) + self.bias[:, None, None]

    def backward(self, dy):
        p, s, k = self.padding, self.stride, self.k
        (_, _, h, w), padded = self.shapes
        self.grad_weight = np.einsum("nohw,nchwij->ocij", dy, self.win)
        self.grad_bias = dy.sum((0, 2, 3))
        dxp = np.zeros(padded)
        oh, ow = dy.shape[2:]
        for i in range(k):
            for j in range(k):
                spread = np.einsum("nohw,oc->nchw", dy, self.weight[:, :, i, j])
                dxp[:, :, i:i + s * oh:s, j:j + s * ow:s] += spread
        return dxp[:, :, p:p + h, p:p + w]


def case_convolution_class():
    rng = np.random.default_rng(4)
    return {"subject": Conv, "inputs": (rng.normal(size=(2, 2, 5, 4)),)}


def case_convolution_strided():
    rng = np.random.default_rng(5)
    return {"subject": lambda in_channels=2, out_channels=4, kernel_size=2, stride=2, padding=1:
            Conv(in_channels, out_channels, kernel_size, stride, padding),
            "inputs": (rng.normal(size=(2, 2, 4, 6)),)}


class Norm:
    def __init__(self, features, eps=1e-5):
        self.gamma, self.beta, self.eps = np.ones(features), np.zeros(features), eps

    def forward(self, x):
        self.sd = np.sqrt(x.var(-1, keepdims=True) + self.eps)
        self.xhat = (x - x.mean(-1, keepdims=True)) / self.sd
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (dy * self.xhat).sum(0), dy.sum(0)
        d = dy * self.gamma
        return (d - d.mean(-1, keepdims=True) - self.xhat * (d * self.xhat).mean(-1, keepdims=True)) / self.sd


def case_layer_norm_at_its_initialization():
    rng = np.random.default_rng(6)
    return {"subject": lambda features=5: Norm(features), "inputs": (rng.normal(size=(3, 5)),)}


class MLP:
    def __init__(self, sizes, rng):
        self.weights = [rng.normal(size=(a, b)) / np.sqrt(a) for a, b in zip(sizes[:-1], sizes[1:])]
        self.biases = [0.1 * rng.normal(size=b) for b in sizes[1:]]
        self.weight_grads = [None] * len(self.weights)
        self.bias_grads = [None] * len(self.biases)

    def forward(self, x):
        self.activations = [x]
        for k, (W, b) in enumerate(zip(self.weights, self.biases)):
            x = x @ W + b
            if k < len(self.weights) - 1:
                x = np.tanh(x)
            self.activations.append(x)
        return x

    def backward(self, delta):
        for k in reversed(range(len(self.weights))):
            if k < len(self.weights) - 1:
                delta = delta * (1 - self.activations[k + 1] ** 2)
            self.weight_grads[k] = self.activations[k].T @ delta
            self.bias_grads[k] = delta.sum(axis=0)
            delta = delta @ self.weights[k].T
        return delta


def build_mlp(n_in=4, hidden=6, n_out=3, layers=3):
    sizes = [n_in] + [hidden] * (layers - 1) + [n_out]
    return MLP(sizes, np.random.default_rng(7))


def case_mlp_with_depth():
    rng = np.random.default_rng(8)
    return {"subject": build_mlp, "inputs": (rng.normal(size=(5, 4)),)}


def make_pair(power=3):
    """The factory returns a pair of functions that share a constant."""

    def forward(x, scale):
        return scale * x ** power, (x, scale)

    def backward(dy, cache):
        x, scale = cache
        return dy * scale * power * x ** (power - 1), np.sum(dy * x ** power, axis=0)

    return forward, backward


def case_pair_from_a_factory():
    rng = np.random.default_rng(9)
    return {"subject": make_pair, "inputs": (rng.normal(size=(4, 3)), rng.normal(size=3))}


class Table:
    def __init__(self, vocabulary, width, rng):
        self.table = rng.normal(size=(vocabulary, width))

    def forward(self, ids):
        self.ids = ids
        return np.take(self.table, ids, axis=0)

    def backward(self, grad):
        self.table_grad = np.zeros_like(self.table)
        np.add.at(self.table_grad, self.ids, grad)


def make_table(vocabulary=6, width=4):
    return Table(vocabulary, width, np.random.default_rng(10))


def case_embedding_table():
    return {"subject": make_table, "inputs": (np.array([[5, 0, 0], [1, 5, 2]]),)}


class Highway:
    def __init__(self, width=4, seed=11):
        rng = np.random.default_rng(seed)
        self.p = {"Wh": rng.normal(size=(width, width)), "bh": np.zeros(width),
                  "Wt": rng.normal(size=(width, width)), "bt": np.full(width, -1.0)}
        self.g = {}

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.p["Wh"] + self.p["bh"])
        self.t = 1 / (1 + np.exp(-(x @ self.p["Wt"] + self.p["bt"])))
        return self.t * self.h + (1 - self.t) * x

    def backward(self, dy):
        dh = dy * self.t * (1 - self.h ** 2)
        dt = dy * (self.h - self.x) * self.t * (1 - self.t)
        self.g = {"Wh": self.x.T @ dh, "bh": dh.sum(0), "Wt": self.x.T @ dt, "bt": dt.sum(0)}
        return dh @ self.p["Wh"].T + dt @ self.p["Wt"].T + dy * (1 - self.t)


def case_highway_class():
    """Width in equals width out by design; dictionaries called p and g."""
    rng = np.random.default_rng(12)
    return {"subject": Highway, "inputs": (rng.normal(size=(5, 4)),)}


class LogitLoss:
    def forward(self, logits, target):
        z = logits - logits.max(1, keepdims=True)
        self.d = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        loss = -np.log(self.d[np.arange(len(z)), target]).mean()
        self.d[np.arange(len(z)), target] -= 1
        return loss

    def backward(self):
        return self.d / len(self.d)


def case_loss_class():
    rng = np.random.default_rng(13)
    return {"subject": LogitLoss, "inputs": (rng.normal(size=(5, 3)),), "target": np.array([2, 1, 1, 0, 2])}


def make_in_place_dense(n_in=3, n_out=5):
    return InPlaceDense(n_in, n_out)


class InPlaceDense:
    def __init__(self, n_in, n_out):
        rng = np.random.default_rng(14)
        self.weights = rng.normal(size=(n_out, n_in))
        self.bias = rng.normal(size=(n_out, 1))

    def forward(self, input):
        self.input = input
        return np.dot(self.weights, self.input) + self.bias

    def backward(self, output_gradient, learning_rate):
        weights_gradient = np.dot(output_gradient, self.input.T)
        input_gradient = np.dot(self.weights.T, output_gradient)
        self.weights -= learning_rate * weights_gradient
        self.bias -= learning_rate * output_gradient.sum(axis=1, keepdims=True)
        return input_gradient


def case_in_place_dense_columns():
    rng = np.random.default_rng(15)
    return {"subject": make_in_place_dense, "inputs": (rng.normal(size=(3, 4)),)}
