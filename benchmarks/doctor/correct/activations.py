"""Activations: hand-written forward and backward; caches of inputs, outputs or masks. All correct."""
from math import pi, sqrt

import numpy as np


class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


def case_relu():
    rng = np.random.default_rng(0)
    return {"subject": ReLU(), "inputs": (rng.normal(size=(4, 5)),)}


class CopyingReLU:
    """Works in place, but on copies (the scratch book's version)."""

    def __init__(self):
        self.mask = None

    def forward(self, x):
        self.mask = (x <= 0)
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dx = dout.copy()
        dx[self.mask] = 0
        return dx


def case_relu_in_place_on_a_copy():
    rng = np.random.default_rng(1)
    return {"subject": CopyingReLU(), "inputs": (rng.normal(size=(2, 3, 4)),)}


def case_relu_inputs_exactly_zero():
    """Half of the inputs sit on the kink; any value between the one-sided slopes is right."""
    x = np.array([[0.0, 1.5, -0.7, 0.0], [2.0, 0.0, 0.0, -1.0], [0.0, -0.3, 0.8, 0.0]])
    return {"subject": ReLU(), "inputs": (x,)}


class InclusiveReLU:
    """Slope 1 at 0 (x >= 0), another convention."""

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dy):
        return np.where(self.x >= 0, dy, 0)


def case_relu_slope_one_at_zero():
    x = np.array([[0.0, 0.4, -0.6], [1.2, 0.0, -0.1]])
    return {"subject": InclusiveReLU(), "inputs": (x,)}


class LeakyReLU:
    def __init__(self, negative_slope=0.1):
        self.negative_slope = negative_slope

    def forward(self, x):
        self.slope = np.where(x > 0, 1.0, self.negative_slope)
        return self.slope * x

    def backward(self, dy):
        return self.slope * dy


def case_leaky_relu():
    rng = np.random.default_rng(2)
    return {"subject": LeakyReLU(0.2), "inputs": (rng.normal(size=(3, 4)),)}


class PReLU:
    """A learned slope for each channel; the channel is axis 1."""

    def __init__(self, channels):
        self.a = np.linspace(0.1, 0.4, channels)

    def forward(self, x):
        self.x = x
        a = self.a.reshape((1, -1) + (1,) * (x.ndim - 2))
        return np.where(x > 0, x, a * x)

    def backward(self, dy):
        neg = self.x <= 0
        axes = (0,) + tuple(range(2, self.x.ndim))
        self.da = np.sum(dy * self.x * neg, axis=axes)
        a = self.a.reshape((1, -1) + (1,) * (self.x.ndim - 2))
        return np.where(neg, a * dy, dy)


def case_prelu():
    rng = np.random.default_rng(3)
    return {"subject": PReLU(3), "inputs": (rng.normal(size=(2, 3, 4, 5)),)}


class Sigmoid:
    """Stable for both signs; the derivative from the output."""

    def forward(self, x):
        out = np.empty_like(x)
        pos = x >= 0
        out[pos] = 1 / (1 + np.exp(-x[pos]))
        e = np.exp(x[~pos])
        out[~pos] = e / (1 + e)
        self.out = out
        return out

    def backward(self, dout):
        return dout * self.out * (1.0 - self.out)


def case_sigmoid_from_output():
    rng = np.random.default_rng(4)
    return {"subject": Sigmoid(), "inputs": (rng.normal(size=(3, 5)) * 2,)}


class Tanh:
    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy - dy * self.y * self.y


def case_tanh():
    rng = np.random.default_rng(5)
    return {"subject": Tanh(), "inputs": (rng.normal(size=(4, 3)),)}


class GELU:
    """The tanh approximation with its own derivative."""

    c = sqrt(2 / pi)

    def forward(self, x):
        self.x = x
        self.t = np.tanh(self.c * (x + 0.044715 * x ** 3))
        return 0.5 * x * (1 + self.t)

    def backward(self, dy):
        x, t = self.x, self.t
        dt = (1 - t ** 2) * self.c * (1 + 3 * 0.044715 * x ** 2)
        return dy * (0.5 * (1 + t) + 0.5 * x * dt)


def case_gelu_tanh():
    rng = np.random.default_rng(6)
    return {"subject": GELU(), "inputs": (rng.normal(size=(2, 3, 4)),)}


def swish_forward(x, beta):
    s = 1 / (1 + np.exp(-beta * x))
    return x * s, (x, beta, s)


def swish_backward(dout, cache):
    x, beta, s = cache
    ds = s * (1 - s)
    return dout * (s + beta * x * ds), np.sum(dout * x * x * ds)


def case_swish_learned_beta_pair():
    rng = np.random.default_rng(7)
    return {"subject": (swish_forward, swish_backward), "inputs": (rng.normal(size=(3, 4)), np.array(1.3))}


class SiLU:
    def forward(self, x):
        self.x = x
        self.s = 1 / (1 + np.exp(-x))
        return x * self.s

    def backward(self, g):
        return g * self.s * (1 + self.x * (1 - self.s))


def case_silu():
    rng = np.random.default_rng(8)
    return {"subject": SiLU(), "inputs": (rng.normal(size=(5, 4)),)}


class Softplus:
    def forward(self, x):
        self.x = x
        return np.logaddexp(0.0, x)

    def backward(self, dy):
        return dy / (1 + np.exp(-self.x))


def case_softplus():
    rng = np.random.default_rng(9)
    return {"subject": Softplus(), "inputs": (rng.normal(size=(3, 4)),)}


class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.out = np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))
        return self.out

    def backward(self, dy):
        return dy * np.where(self.out > 0, 1.0, self.out + self.alpha)


def case_elu():
    rng = np.random.default_rng(10)
    return {"subject": ELU(0.7), "inputs": (rng.normal(size=(4, 4)),)}


class SELU:
    lam, alpha = 1.0507009873554805, 1.6732632423543772

    def forward(self, x):
        self.x = x
        return self.lam * np.where(x > 0, x, self.alpha * (np.exp(x) - 1))

    def backward(self, dy):
        return dy * self.lam * np.where(self.x > 0, 1, self.alpha * np.exp(self.x))


def case_selu():
    rng = np.random.default_rng(11)
    return {"subject": SELU(), "inputs": (rng.normal(size=(3, 6)),)}


class HardTanh:
    """Saturated units have slope 0 by definition: this clip is in the forward too."""

    def __init__(self, low=-1.0, high=1.0):
        self.low, self.high = low, high

    def forward(self, x):
        self.inside = (x > self.low) & (x < self.high)
        return np.clip(x, self.low, self.high)

    def backward(self, dy):
        return np.where(self.inside, dy, 0.0)


def case_hard_tanh():
    rng = np.random.default_rng(12)
    return {"subject": HardTanh(), "inputs": (1.5 * rng.normal(size=(4, 5)),)}


class ReLU6:
    def forward(self, x):
        self.x = x
        return np.minimum(np.maximum(x, 0), 6)

    def backward(self, dy):
        dx = np.array(dy)
        dx[self.x < 0] = 0
        dx[self.x > 6] = 0
        return dx


def case_relu6_clipped():
    rng = np.random.default_rng(13)
    return {"subject": ReLU6(), "inputs": (3 + 4 * rng.normal(size=(3, 5)),)}


class Softmax:
    """The full Jacobian, as a vector-Jacobian product along the last axis."""

    def forward(self, z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p

    def backward(self, dp):
        return self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True))


def case_softmax_vjp():
    rng = np.random.default_rng(14)
    return {"subject": Softmax(), "inputs": (rng.normal(size=(3, 5)),)}


class SoftmaxByJacobian:
    """Column vectors, one Jacobian matrix for each sample."""

    def forward(self, z):
        e = np.exp(z - np.max(z, axis=0))
        self.s = e / np.sum(e, axis=0)
        return self.s

    def backward(self, ds):
        dz = np.zeros_like(ds)
        for i in range(ds.shape[1]):
            s = self.s[:, i].reshape(-1, 1)
            jacobian = np.diagflat(s) - s @ s.T
            dz[:, i] = jacobian @ ds[:, i]
        return dz


def case_softmax_jacobian_columns():
    rng = np.random.default_rng(15)
    return {"subject": SoftmaxByJacobian(), "inputs": (rng.normal(size=(5, 3)),)}


class LogSoftmax:
    def forward(self, x):
        m = x.max(axis=1, keepdims=True)
        self.logp = x - m - np.log(np.exp(x - m).sum(axis=1, keepdims=True))
        return self.logp

    def backward(self, dy):
        return dy - np.exp(self.logp) * dy.sum(axis=1, keepdims=True)


def case_log_softmax():
    rng = np.random.default_rng(16)
    return {"subject": LogSoftmax(), "inputs": (rng.normal(size=(4, 6)),)}


class Maxout:
    """The largest of k linear pieces; pieces on the last axis, no parameters of its own."""

    def __init__(self, pieces):
        self.k = pieces

    def forward(self, x):
        self.shape = x.shape
        grouped = x.reshape(x.shape[0], -1, self.k)
        self.arg = grouped.argmax(axis=2)
        return grouped.max(axis=2)

    def backward(self, dy):
        dx = np.zeros((self.shape[0], self.shape[1] // self.k, self.k))
        np.put_along_axis(dx, self.arg[..., None], dy[..., None], axis=2)
        return dx.reshape(self.shape)


def case_maxout():
    rng = np.random.default_rng(17)
    return {"subject": Maxout(3), "inputs": (rng.normal(size=(4, 6)),)}


class GLU:
    """Gated linear unit: half of the channels gates the other half."""

    def forward(self, x):
        self.a, gate = np.split(x, 2, axis=-1)
        self.s = 1 / (1 + np.exp(-gate))
        return self.a * self.s

    def backward(self, dy):
        return np.concatenate([dy * self.s, dy * self.a * self.s * (1 - self.s)], axis=-1)


def case_glu():
    rng = np.random.default_rng(18)
    return {"subject": GLU(), "inputs": (rng.normal(size=(3, 8)),)}


class Activation:
    """One class for all, the function chosen by name, the derivative by a table of lambdas."""

    FUNCTIONS = {
        "softsign": (lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
        "mish": (lambda x: x * np.tanh(np.log1p(np.exp(x))),
                 lambda x: np.tanh(np.log1p(np.exp(x)))
                 + x * (1 - np.tanh(np.log1p(np.exp(x))) ** 2) / (1 + np.exp(-x))),
        "arctan": (np.arctan, lambda x: 1 / (1 + x * x)),
        "sin": (np.sin, np.cos),
    }

    def __init__(self, name):
        self.name = name

    def forward(self, x):
        self.input = x
        return self.FUNCTIONS[self.name][0](x)

    def backward(self, output_gradient):
        return np.multiply(output_gradient, self.FUNCTIONS[self.name][1](self.input))


def case_table_mish():
    rng = np.random.default_rng(19)
    return {"subject": Activation("mish"), "inputs": (rng.normal(size=(3, 4)),)}


def case_table_softsign():
    rng = np.random.default_rng(20)
    return {"subject": Activation("softsign"), "inputs": (rng.normal(size=(3, 4)),)}


def case_table_sine():
    rng = np.random.default_rng(21)
    return {"subject": Activation("sin"), "inputs": (rng.normal(size=(2, 5)),)}
