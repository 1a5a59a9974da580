"""ReGLU: (x V) * relu(x W).

Symptom: trains slowly; flipping the sign of the loss does not flip the gradients.
Repair: take the mask from the pre-activation of forward, not from the gradient.
"""
import numpy as np
CODES = ("nonlinear-backward",)
PLACES = ("W", "dW", "x", "dx", "")


class ReGLU:
    def __init__(self, n_in=4, n_out=6):
        rs = np.random.RandomState(0)
        self.W, self.V = rs.randn(n_out, n_in), rs.randn(n_out, n_in)   # (out, in)

    def forward(self, x):
        zw = x.dot(self.W.T)
        zv = x.dot(self.V.T)
        self.cache = dict(x=x, zw=zw, zv=zv)
        return zv * np.maximum(0, zw)

    def backward(self, dout):
        x, zw, zv = self.cache["x"], self.cache["zw"], self.cache["zv"]
        dzv = dout * np.maximum(0, zw)
        drelu = dout * zv
        dzw = np.where(drelu > 0, drelu, 0)  # FAULT
        self.dW = dzw.T.dot(x)
        self.dV = dzv.T.dot(x)
        return dzw.dot(self.W) + dzv.dot(self.V)


class ReGLURepaired:
    def __init__(self, n_in=4, n_out=6):
        rs = np.random.RandomState(0)
        self.W, self.V = rs.randn(n_out, n_in), rs.randn(n_out, n_in)   # (out, in)

    def forward(self, x):
        zw = x.dot(self.W.T)
        zv = x.dot(self.V.T)
        self.cache = dict(x=x, zw=zw, zv=zv)
        return zv * np.maximum(0, zw)

    def backward(self, dout):
        x, zw, zv = self.cache["x"], self.cache["zw"], self.cache["zv"]
        dzv = dout * np.maximum(0, zw)
        drelu = dout * zv
        dzw = np.where(zw > 0, drelu, 0)
        self.dW = dzw.T.dot(x)
        self.dV = dzv.T.dot(x)
        return dzw.dot(self.W) + dzv.dot(self.V)


def faulty():
    return {"subject": ReGLU(), "inputs": (np.random.RandomState(1).randn(5, 4),)}


def correct():
    return {"subject": ReGLURepaired(), "inputs": (np.random.RandomState(1).randn(5, 4),)}
