"""Dense layer applied to every time step in a loop.

Symptom: predictions at the first step improve, later positions do not.
Repair: add the steps' contributions up.
"""
import numpy as np
CODES = ("last-step-only",)
PLACES = ("kernel", "dkernel", "d_kernel", "")


class TimeDistributedDense:
    def __init__(self, in_features=4, units=3):
        np.random.seed(101)
        self.kernel = np.random.randn(in_features, units)
        self.bias = np.random.randn(units)

    def call(self, x):
        self.x = x
        self.pre = [x[:, t, :] @ self.kernel + self.bias for t in range(x.shape[1])]
        return np.stack([np.log1p(np.exp(p)) for p in self.pre], axis=1)      # softplus

    forward = call

    def backward(self, dout):
        self.d_kernel = np.zeros_like(self.kernel)
        self.d_bias = np.zeros_like(self.bias)
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            dp = dout[:, t, :] / (1 + np.exp(-self.pre[t]))
            self.d_kernel = self.x[:, t, :].T @ dp  # FAULT
            self.d_bias += dp.sum(axis=0)
            dx[:, t, :] = dp @ self.kernel.T
        return dx


class TimeDistributedDenseRepaired:
    def __init__(self, in_features=4, units=3):
        np.random.seed(101)
        self.kernel = np.random.randn(in_features, units)
        self.bias = np.random.randn(units)

    def call(self, x):
        self.x = x
        self.pre = [x[:, t, :] @ self.kernel + self.bias for t in range(x.shape[1])]
        return np.stack([np.log1p(np.exp(p)) for p in self.pre], axis=1)      # softplus

    forward = call

    def backward(self, dout):
        self.d_kernel = np.zeros_like(self.kernel)
        self.d_bias = np.zeros_like(self.bias)
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            dp = dout[:, t, :] / (1 + np.exp(-self.pre[t]))
            self.d_kernel += self.x[:, t, :].T @ dp
            self.d_bias += dp.sum(axis=0)
            dx[:, t, :] = dp @ self.kernel.T
        return dx


def faulty():
    return {"subject": TimeDistributedDense(), "inputs": (np.random.RandomState(102).randn(2, 5, 4),)}


def correct():
    return {"subject": TimeDistributedDenseRepaired(), "inputs": (np.random.RandomState(102).randn(2, 5, 4),)}
