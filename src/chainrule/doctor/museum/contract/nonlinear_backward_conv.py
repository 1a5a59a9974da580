"""Temporal convolution with a leaky rectifier, time first, after code for guided saliency maps.

Symptom: pictures of the gradient look clean, but the filters that should shrink never do.
Repair: for training, the slope depends on the pre-activation alone.
"""
import numpy as np

CODES = ("nonlinear-backward",)
PLACES = ("x", "kernel", "bias", "dz", "")


LEAK = 0.1


class TemporalConv:
    """x: (T, B, C) -> (T - K + 1, B, F)"""

    def __init__(self, K, C, F, rng):
        self.kernel = rng.normal(scale=(K * C) ** -0.5, size=(K, C, F))
        self.bias = rng.normal(scale=0.1, size=(F,))

    def forward(self, x):
        K = self.kernel.shape[0]
        steps = x.shape[0] - K + 1
        self.x = x
        self.z = sum(np.einsum("tbc,cf->tbf", x[k:k + steps], self.kernel[k]) for k in range(K)) + self.bias
        return np.where(self.z > 0, self.z, LEAK * self.z)

    def backward(self, dy):
        K = self.kernel.shape[0]
        steps = dy.shape[0]
        active = (self.z > 0) & (dy > 0)  # FAULT
        dz = np.where(active, dy, LEAK * dy)
        self.dkernel = np.stack([np.einsum("tbc,tbf->cf", self.x[k:k + steps], dz) for k in range(K)])
        self.dbias = dz.sum(axis=(0, 1))
        dx = np.zeros_like(self.x)
        for k in range(K):
            dx[k:k + steps] += np.einsum("tbf,cf->tbc", dz, self.kernel[k])
        return dx


class TemporalConvRepaired:
    """x: (T, B, C) -> (T - K + 1, B, F)"""

    def __init__(self, K, C, F, rng):
        self.kernel = rng.normal(scale=(K * C) ** -0.5, size=(K, C, F))
        self.bias = rng.normal(scale=0.1, size=(F,))

    def forward(self, x):
        K = self.kernel.shape[0]
        steps = x.shape[0] - K + 1
        self.x = x
        self.z = sum(np.einsum("tbc,cf->tbf", x[k:k + steps], self.kernel[k]) for k in range(K)) + self.bias
        return np.where(self.z > 0, self.z, LEAK * self.z)

    def backward(self, dy):
        K = self.kernel.shape[0]
        steps = dy.shape[0]
        active = self.z > 0
        dz = np.where(active, dy, LEAK * dy)
        self.dkernel = np.stack([np.einsum("tbc,tbf->cf", self.x[k:k + steps], dz) for k in range(K)])
        self.dbias = dz.sum(axis=(0, 1))
        dx = np.zeros_like(self.x)
        for k in range(K):
            dx[k:k + steps] += np.einsum("tbf,cf->tbc", dz, self.kernel[k])
        return dx


def faulty():
    rng = np.random.default_rng(18)
    return {"subject": TemporalConv(3, 2, 4, rng), "inputs": (rng.normal(size=(6, 3, 2)),)}


def correct():
    rng = np.random.default_rng(18)
    return {"subject": TemporalConvRepaired(3, 2, 4, rng), "inputs": (rng.normal(size=(6, 3, 2)),)}
