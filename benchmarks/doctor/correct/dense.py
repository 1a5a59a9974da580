"""Fully connected layers in the conventions that people write them in. All of them are correct."""
from dataclasses import dataclass, field

import numpy as np


class Linear:
    """Rows are samples; weight of shape (in, out); gradients in dW and db."""

    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(scale=np.sqrt(2 / n_in), size=(n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


def case_row_samples():
    rng = np.random.default_rng(0)
    return {"subject": Linear(5, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


class TorchStyleLinear:
    """Weight of shape (out, in), gradients zeroed by zero_grad() and added up in between."""

    def __init__(self, in_features, out_features, bias=True, rng=None):
        rng = rng or np.random.default_rng(1)
        bound = 1 / np.sqrt(in_features)
        self.weight = rng.uniform(-bound, bound, (out_features, in_features))
        self.bias = rng.uniform(-bound, bound, out_features) if bias else None
        self.zero_grad()

    def zero_grad(self):
        self.weight_grad = np.zeros_like(self.weight)
        self.bias_grad = None if self.bias is None else np.zeros_like(self.bias)

    def forward(self, input):
        self._input = input
        out = input @ self.weight.T
        if self.bias is not None:
            out = out + self.bias
        return out

    def backward(self, grad_output):
        flat_in = self._input.reshape(-1, self._input.shape[-1])
        flat_grad = grad_output.reshape(-1, grad_output.shape[-1])
        self.weight_grad += flat_grad.T @ flat_in
        if self.bias is not None:
            self.bias_grad += flat_grad.sum(axis=0)
        return grad_output @ self.weight


def case_torch_style_accumulating():
    rng = np.random.default_rng(2)
    return {"subject": TorchStyleLinear(6, 4), "inputs": (rng.normal(size=(3, 6)),)}


def case_torch_style_three_axes_no_bias():
    rng = np.random.default_rng(3)
    return {"subject": TorchStyleLinear(4, 7, bias=False), "inputs": (rng.normal(size=(2, 3, 4)),)}


class ColumnDense:
    """Ng's course: one sample per column, W (n_out, n_in), b (n_out, 1)."""

    def __init__(self, n_in, n_out):
        rng = np.random.default_rng(4)
        self.parameters = {"W": rng.standard_normal((n_out, n_in)) * 0.4,
                           "b": rng.standard_normal((n_out, 1)) * 0.1}
        self.grads = {}

    def forward(self, A_prev):
        self.A_prev = A_prev
        return self.parameters["W"] @ A_prev + self.parameters["b"]

    def backward(self, dZ):
        self.grads["W"] = dZ @ self.A_prev.T
        self.grads["b"] = dZ.sum(axis=1, keepdims=True)
        return self.parameters["W"].T @ dZ


def case_columns_are_samples():
    rng = np.random.default_rng(5)
    return {"subject": ColumnDense(6, 4), "inputs": (rng.normal(size=(6, 5)),)}


class ParallelListsDense:
    """Parameters and gradients in two lists of the same order, as optimizers like them."""

    def __init__(self, fan_in, fan_out, seed=6):
        rng = np.random.default_rng(seed)
        limit = np.sqrt(6 / (fan_in + fan_out))
        self.params = [rng.uniform(-limit, limit, (fan_in, fan_out)), rng.normal(size=(1, fan_out)) * 0.1]
        self.grads = [np.zeros_like(p) for p in self.params]

    def forward(self, x):
        self.x = x
        w, b = self.params
        return np.dot(x, w) + b

    def backward(self, dout):
        self.grads[0][...] = np.dot(self.x.T, dout)
        self.grads[1][...] = np.sum(dout, axis=0, keepdims=True)
        return np.dot(dout, self.params[0].T)


def case_parallel_lists_bias_row():
    rng = np.random.default_rng(7)
    return {"subject": ParallelListsDense(4, 3), "inputs": (rng.normal(size=(5, 4)),)}


class Neuron:
    """One unit of the layer below: pure Python loops, as in a first lecture."""

    def __init__(self, weights, bias):
        self.w = weights
        self.b = np.array([bias])
        self.grad_w = np.zeros_like(weights)
        self.grad_b = np.zeros(1)

    def forward(self, x):
        self.x = x
        total = np.zeros(len(x))
        for i in range(len(x)):
            for j in range(len(self.w)):
                total[i] += self.w[j] * x[i][j]
            total[i] += self.b[0]
        return total

    def backward(self, delta):
        self.grad_w[:] = 0.0
        self.grad_b[:] = 0.0
        dx = np.zeros(self.x.shape)
        for i in range(len(self.x)):
            for j in range(len(self.w)):
                self.grad_w[j] += delta[i] * self.x[i][j]
                dx[i][j] = delta[i] * self.w[j]
            self.grad_b[0] += delta[i]
        return dx


class LayerOfNeurons:
    def __init__(self, n_in, n_out, rng):
        self.neurons = [Neuron(rng.normal(size=n_in), rng.normal()) for _ in range(n_out)]

    def forward(self, x):
        return np.stack([neuron.forward(x) for neuron in self.neurons], axis=1)

    def backward(self, delta):
        dx = 0
        for k, neuron in enumerate(self.neurons):
            dx = dx + neuron.backward(delta[:, k])
        return dx


def case_layer_of_neurons():
    rng = np.random.default_rng(8)
    return {"subject": LayerOfNeurons(4, 3, rng), "inputs": (rng.normal(size=(2, 4)),)}


class HomogeneousDense:
    """The bias is the last row of the weight; a column of ones is appended to the input."""

    def __init__(self, n_in, n_out, rng):
        self.theta = rng.normal(size=(n_in + 1, n_out)) / np.sqrt(n_in)

    def forward(self, x):
        self.x1 = np.hstack([x, np.ones((len(x), 1))])
        return self.x1 @ self.theta

    def backward(self, dy):
        self.theta_grad = self.x1.T @ dy
        return (dy @ self.theta.T)[:, :-1]


def case_bias_inside_the_weight():
    rng = np.random.default_rng(9)
    return {"subject": HomogeneousDense(5, 2, rng), "inputs": (rng.normal(size=(3, 5)),)}


@dataclass
class Parameter:
    value: np.ndarray
    grad: np.ndarray = field(default=None, repr=False)

    def __post_init__(self):
        self.grad = np.zeros_like(self.value)


class ParameterDense:
    def __init__(self, n_in, n_out, rng):
        self.kernel = Parameter(rng.normal(size=(n_in, n_out)))
        self.bias = Parameter(rng.normal(size=n_out))

    def parameters(self):
        return [self.kernel, self.bias]

    def forward(self, x):
        self.saved = x
        return np.einsum("...i,io->...o", x, self.kernel.value) + self.bias.value

    def backward(self, grad):
        self.kernel.grad = np.einsum("bi,bo->io", self.saved, grad)
        self.bias.grad = np.einsum("bo->o", grad)
        return np.einsum("bo,io->bi", grad, self.kernel.value)


def case_parameter_objects():
    rng = np.random.default_rng(10)
    return {"subject": ParameterDense(3, 6, rng), "inputs": (rng.normal(size=(4, 3)),)}


class FusedDense:
    """Dense with an activation named by a string; the pre-activation is kept for backward."""

    def __init__(self, units_in, units_out, activation="tanh", seed=11):
        rng = np.random.default_rng(seed)
        self.weights = rng.normal(size=(units_out, units_in)) * 0.5
        self.biases = rng.normal(size=units_out) * 0.2
        self.activation = activation
        self.gradients = {"weights": None, "biases": None}

    def _act(self, z):
        if self.activation == "tanh":
            return np.tanh(z)
        if self.activation == "sigmoid":
            return 1 / (1 + np.exp(-z))
        if self.activation == "relu":
            return np.maximum(z, 0)
        return z

    def _act_prime(self, z):
        if self.activation == "tanh":
            return 1 - np.tanh(z) ** 2
        if self.activation == "sigmoid":
            s = 1 / (1 + np.exp(-z))
            return s * (1 - s)
        if self.activation == "relu":
            return (z > 0).astype(z.dtype)
        return np.ones_like(z)

    def forward(self, x):
        self.x = x
        self.z = x @ self.weights.T + self.biases
        return self._act(self.z)

    def backward(self, da):
        dz = da * self._act_prime(self.z)
        self.gradients["weights"] = dz.T @ self.x
        self.gradients["biases"] = dz.sum(0)
        return dz @ self.weights


def case_fused_tanh():
    rng = np.random.default_rng(12)
    return {"subject": FusedDense(5, 4, "tanh"), "inputs": (rng.normal(size=(3, 5)),)}


def case_fused_sigmoid():
    rng = np.random.default_rng(13)
    return {"subject": FusedDense(3, 5, "sigmoid"), "inputs": (rng.normal(size=(4, 3)),)}


def case_fused_relu():
    rng = np.random.default_rng(14)
    return {"subject": FusedDense(6, 4, "relu"), "inputs": (rng.normal(size=(5, 6)),)}


class Bilinear:
    """y_k = x1' A_k x2 + b_k: two inputs, two input gradients."""

    def __init__(self, n1, n2, n_out, rng):
        self.A = rng.normal(size=(n_out, n1, n2)) * 0.3
        self.b = rng.normal(size=n_out)

    def forward(self, x1, x2):
        self.cache = (x1, x2)
        return np.einsum("bi,kij,bj->bk", x1, self.A, x2) + self.b

    def backward(self, dy):
        x1, x2 = self.cache
        self.dA = np.einsum("bk,bi,bj->kij", dy, x1, x2)
        self.db = dy.sum(0)
        dx1 = np.einsum("bk,kij,bj->bi", dy, self.A, x2)
        dx2 = np.einsum("bk,kij,bi->bj", dy, self.A, x1)
        return dx1, dx2


def case_bilinear():
    rng = np.random.default_rng(15)
    return {"subject": Bilinear(3, 4, 2, rng), "inputs": (rng.normal(size=(5, 3)), rng.normal(size=(5, 4)))}


class LowRankDense:
    """W = U V', with a scale that is a fixed number and no parameter."""

    alpha = 4.0

    def __init__(self, d_in, d_out, rank, rng):
        self.U = rng.normal(size=(d_in, rank)) * 0.3
        self.V = rng.normal(size=(d_out, rank)) * 0.3
        self.scale = self.alpha / rank

    def forward(self, x):
        self.x = x
        self.h = x @ self.U
        return self.scale * self.h @ self.V.T

    def backward(self, dy):
        dy = self.scale * dy
        self.dV = dy.T @ self.h
        dh = dy @ self.V
        self.dU = self.x.T @ dh
        return dh @ self.U.T


def case_low_rank():
    rng = np.random.default_rng(16)
    return {"subject": LowRankDense(6, 5, 2, rng), "inputs": (rng.normal(size=(3, 6)),)}


class MaskedDense:
    """A fixed 0/1 connectivity (pruning, MADE): the gradient of a removed weight is exactly zero."""

    def __init__(self, n_in, n_out, rng):
        self.mask = (rng.random((n_in, n_out)) > 0.4).astype(float)
        self.W = rng.normal(size=(n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ (self.W * self.mask) + self.b

    def backward(self, dy):
        self.dW = (self.x.T @ dy) * self.mask
        self.db = dy.sum(0)
        return dy @ (self.W * self.mask).T


def case_masked_connectivity():
    rng = np.random.default_rng(17)
    return {"subject": MaskedDense(4, 5, rng), "inputs": (rng.normal(size=(3, 4)),)}
