"""A time-distributed dense layer whose bias gradient sums over all axes and is broadcast back.

Symptom: all biases are equal after training.
Repair: keep the feature axis.
"""
import numpy as np

CODES = ("bias-axes-wrong", "gradient-shape-wrong")
PLACES = ("db", "b", "2", "bias")


class TimeDense:
    def __init__(self, fin, fout, rng):
        self.kernel = rng.normal(size=(fin, fout))
        self.bias = rng.normal(size=(fout,))

    def __call__(self, x):
        self.x = x
        return np.einsum("tbf,fo->tbo", x, self.kernel) + self.bias

    def backward(self, dout):
        g = {}
        g["kernel"] = np.einsum("tbf,tbo->fo", self.x, dout)
        g["bias"] = np.full_like(self.bias, np.einsum("tbo->", dout))  # FAULT
        self.g = g
        return np.einsum("tbo,fo->tbf", dout, self.kernel)


class TimeDenseRepaired:
    def __init__(self, fin, fout, rng):
        self.kernel = rng.normal(size=(fin, fout))
        self.bias = rng.normal(size=(fout,))

    def __call__(self, x):
        self.x = x
        return np.einsum("tbf,fo->tbo", x, self.kernel) + self.bias

    def backward(self, dout):
        g = {}
        g["kernel"] = np.einsum("tbf,tbo->fo", self.x, dout)
        g["bias"] = np.einsum("tbo->o", dout)
        self.g = g
        return np.einsum("tbo,fo->tbf", dout, self.kernel)


def faulty():
    rng = np.random.default_rng(27)
    return {"subject": TimeDense(3, 5, rng), "inputs": (rng.normal(size=(4, 2, 3)),)}


def correct():
    rng = np.random.default_rng(27)
    return {"subject": TimeDenseRepaired(3, 5, rng), "inputs": (rng.normal(size=(4, 2, 3)),)}
