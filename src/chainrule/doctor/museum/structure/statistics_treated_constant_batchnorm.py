"""Batch normalization (NHWC) that differentiates the mean, but not the variance.

Symptom: the input gradient is nearly right, the more so the larger the batch.
Repair: take the path through the variance too.
"""
import numpy as np

CODES = ("statistics-treated-constant",)
PLACES = ("x", "")


class BatchNorm2D:
    def __init__(self, channels, momentum=0.9, eps=1e-5):
        self.params = [np.ones(channels), np.zeros(channels)]
        self.grads = [np.zeros(channels), np.zeros(channels)]
        self.momentum, self.eps = momentum, eps
        self.running_mean = np.zeros(channels)
        self.running_var = np.ones(channels)

    def forward(self, x, training=True):
        gamma, beta = self.params
        if not training:
            return gamma * (x - self.running_mean) / np.sqrt(self.running_var + self.eps) + beta
        mu = x.mean(axis=(0, 1, 2))
        var = x.var(axis=(0, 1, 2))
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        self.centered = x - mu
        self.inv_std = 1.0 / np.sqrt(var + self.eps)
        self.x_hat = self.centered * self.inv_std
        return gamma * self.x_hat + beta

    def backward(self, dy):
        gamma, _ = self.params
        self.grads[0] = np.sum(dy * self.x_hat, axis=(0, 1, 2))
        self.grads[1] = np.sum(dy, axis=(0, 1, 2))
        n = dy.shape[0] * dy.shape[1] * dy.shape[2]
        dx_hat = dy * gamma
        dcentered = dx_hat * self.inv_std  # FAULT
        dmu = -dcentered.sum(axis=(0, 1, 2))
        return dcentered + dmu / n


class BatchNorm2DRepaired:
    def __init__(self, channels, momentum=0.9, eps=1e-5):
        self.params = [np.ones(channels), np.zeros(channels)]
        self.grads = [np.zeros(channels), np.zeros(channels)]
        self.momentum, self.eps = momentum, eps
        self.running_mean = np.zeros(channels)
        self.running_var = np.ones(channels)

    def forward(self, x, training=True):
        gamma, beta = self.params
        if not training:
            return gamma * (x - self.running_mean) / np.sqrt(self.running_var + self.eps) + beta
        mu = x.mean(axis=(0, 1, 2))
        var = x.var(axis=(0, 1, 2))
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        self.centered = x - mu
        self.inv_std = 1.0 / np.sqrt(var + self.eps)
        self.x_hat = self.centered * self.inv_std
        return gamma * self.x_hat + beta

    def backward(self, dy):
        gamma, _ = self.params
        self.grads[0] = np.sum(dy * self.x_hat, axis=(0, 1, 2))
        self.grads[1] = np.sum(dy, axis=(0, 1, 2))
        n = dy.shape[0] * dy.shape[1] * dy.shape[2]
        dx_hat = dy * gamma
        dvar = np.sum(dx_hat * self.centered, axis=(0, 1, 2)) * -0.5 * self.inv_std**3
        dcentered = dx_hat * self.inv_std + dvar * 2.0 * self.centered / n
        dmu = -dcentered.sum(axis=(0, 1, 2))
        return dcentered + dmu / n


def faulty():
    rng = np.random.default_rng(0)
    x = rng.normal(0.5, 1.5, size=(2, 3, 4, 5))
    return {"subject": BatchNorm2D(5), "inputs": (x,), "training": True}


def correct():
    rng = np.random.default_rng(0)
    x = rng.normal(0.5, 1.5, size=(2, 3, 4, 5))
    return {"subject": BatchNorm2DRepaired(5), "inputs": (x,), "training": True}
