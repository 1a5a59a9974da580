"""Instance normalization, NCHW, with affine parameters.

Symptom: beta runs ahead of everything else, the longer the training the faster.
Repair: assign beta's gradient as gamma's is assigned.
"""
import numpy as np
CODES = ("accumulates-across-calls",)
PLACES = ("beta", "dbeta", "")


class InstanceNorm2d:
    def __init__(self, C=3, eps=1e-5):
        self.eps = eps
        self.gamma = 1 + 0.3 * np.random.RandomState(1).randn(C)
        self.beta = 0.2 * np.random.RandomState(2).randn(C)
        self.dgamma = np.zeros(C)
        self.dbeta = np.zeros(C)

    def forward(self, x):
        mu = x.mean(axis=(2, 3), keepdims=True)
        self.istd = 1 / np.sqrt(x.var(axis=(2, 3), keepdims=True) + self.eps)
        self.xhat = (x - mu) * self.istd
        return self.gamma[None, :, None, None] * self.xhat + self.beta[None, :, None, None]

    def backward(self, dout):
        self.dgamma = (dout * self.xhat).sum(axis=(0, 2, 3))
        self.dbeta += dout.sum(axis=(0, 2, 3))  # FAULT
        dxh = dout * self.gamma[None, :, None, None]
        m1 = dxh.mean(axis=(2, 3), keepdims=True)
        m2 = (dxh * self.xhat).mean(axis=(2, 3), keepdims=True)
        return self.istd * (dxh - m1 - self.xhat * m2)


class InstanceNorm2dRepaired:
    def __init__(self, C=3, eps=1e-5):
        self.eps = eps
        self.gamma = 1 + 0.3 * np.random.RandomState(1).randn(C)
        self.beta = 0.2 * np.random.RandomState(2).randn(C)
        self.dgamma = np.zeros(C)
        self.dbeta = np.zeros(C)

    def forward(self, x):
        mu = x.mean(axis=(2, 3), keepdims=True)
        self.istd = 1 / np.sqrt(x.var(axis=(2, 3), keepdims=True) + self.eps)
        self.xhat = (x - mu) * self.istd
        return self.gamma[None, :, None, None] * self.xhat + self.beta[None, :, None, None]

    def backward(self, dout):
        self.dgamma = (dout * self.xhat).sum(axis=(0, 2, 3))
        self.dbeta = dout.sum(axis=(0, 2, 3))
        dxh = dout * self.gamma[None, :, None, None]
        m1 = dxh.mean(axis=(2, 3), keepdims=True)
        m2 = (dxh * self.xhat).mean(axis=(2, 3), keepdims=True)
        return self.istd * (dxh - m1 - self.xhat * m2)


def faulty():
    return {"subject": InstanceNorm2d(), "inputs": (np.random.RandomState(7).randn(2, 3, 4, 5),)}


def correct():
    return {"subject": InstanceNorm2dRepaired(), "inputs": (np.random.RandomState(7).randn(2, 3, 4, 5),)}
