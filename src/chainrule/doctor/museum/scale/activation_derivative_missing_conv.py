"""A convolution with a built-in swish that passes the gradient on as if it were linear.

Symptom: a single layer trains, a stack does not.
Repair: multiply by the slope of swish.
"""
import numpy as np

CODES = ("activation-derivative-missing",)
PLACES = ("x", "kernel", "", "bias", "conv", "W", "layers.0")


def swish(z):
    return z / (1 + np.exp(-z))


def swish_slope(z):
    s = 1 / (1 + np.exp(-z))
    return s + z * s * (1 - s)


class Conv:
    """Pointwise over (B, L, C), width 2, activation swish."""

    def __init__(self, c, o, rng):
        self.kernel = rng.normal(size=(2, c, o)) * 0.5

    def forward(self, x):
        self.x = x
        self.pre = x[:, :-1] @ self.kernel[0] + x[:, 1:] @ self.kernel[1]
        return swish(self.pre)

    def backward(self, up):
        delta = up.copy()  # FAULT
        self.kernel_grad = np.array([np.tensordot(u, delta, ((0, 1), (0, 1)))
                                     for u in (self.x[:, :-1], self.x[:, 1:])])
        dx = np.zeros_like(self.x)
        dx[:, :-1] += delta @ self.kernel[0].T
        dx[:, 1:] += delta @ self.kernel[1].T
        return dx


class Net:
    def __init__(self, rng):
        self.layers = [Conv(2, 4, rng), Conv(4, 3, rng)]

    def forward(self, x):
        for m in self.layers:
            x = m.forward(x)
        return x

    def backward(self, up):
        for m in self.layers[::-1]:
            up = m.backward(up)
        return up


class ConvRepaired:
    """Pointwise over (B, L, C), width 2, activation swish."""

    def __init__(self, c, o, rng):
        self.kernel = rng.normal(size=(2, c, o)) * 0.5

    def forward(self, x):
        self.x = x
        self.pre = x[:, :-1] @ self.kernel[0] + x[:, 1:] @ self.kernel[1]
        return swish(self.pre)

    def backward(self, up):
        delta = up * swish_slope(self.pre)
        self.kernel_grad = np.array([np.tensordot(u, delta, ((0, 1), (0, 1)))
                                     for u in (self.x[:, :-1], self.x[:, 1:])])
        dx = np.zeros_like(self.x)
        dx[:, :-1] += delta @ self.kernel[0].T
        dx[:, 1:] += delta @ self.kernel[1].T
        return dx


class NetRepaired:
    def __init__(self, rng):
        self.layers = [ConvRepaired(2, 4, rng), ConvRepaired(4, 3, rng)]

    def forward(self, x):
        for m in self.layers:
            x = m.forward(x)
        return x

    def backward(self, up):
        for m in self.layers[::-1]:
            up = m.backward(up)
        return up


def faulty():
    rng = np.random.default_rng(122)
    return {"subject": Net(rng), "inputs": (rng.normal(size=(2, 6, 2)),)}


def correct():
    rng = np.random.default_rng(122)
    return {"subject": NetRepaired(rng), "inputs": (rng.normal(size=(2, 6, 2)),)}
