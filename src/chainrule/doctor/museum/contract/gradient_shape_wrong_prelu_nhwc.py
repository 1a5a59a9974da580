"""PReLU with one slope per channel, images stored NHWC.

Symptom: optimizer step fails with a broadcast error, or silently turns the slope into a (H, W, C) array.
Repair: sum the slope's gradient over batch, height and width.
"""
import numpy as np
CODES = ("gradient-shape-wrong", "bias-axes-wrong")
PLACES = ("alpha", "d_alpha", "")


class PReLU(object):
    """f(x) = x if x > 0 else alpha_c * x"""

    def __init__(self, n_channels=4, seed=0):
        self.alpha = np.random.RandomState(seed).uniform(0.1, 0.4, n_channels)
        self.d_alpha = None

    def fprop(self, x):
        self.neg = x <= 0
        self.x_saved = x
        return np.where(self.neg, self.alpha * x, x)

    def bprop(self, delta):
        self.d_alpha = np.sum(delta * self.x_saved * self.neg, axis=0)  # FAULT
        return delta * np.where(self.neg, self.alpha, 1.0)


class PReLURepaired(object):
    """f(x) = x if x > 0 else alpha_c * x"""

    def __init__(self, n_channels=4, seed=0):
        self.alpha = np.random.RandomState(seed).uniform(0.1, 0.4, n_channels)
        self.d_alpha = None

    def fprop(self, x):
        self.neg = x <= 0
        self.x_saved = x
        return np.where(self.neg, self.alpha * x, x)

    def bprop(self, delta):
        self.d_alpha = np.sum(delta * self.x_saved * self.neg, axis=(0, 1, 2))
        return delta * np.where(self.neg, self.alpha, 1.0)


def faulty():
    x = np.random.RandomState(5).randn(2, 3, 5, 4)
    return {"subject": PReLU(4), "inputs": (x,)}


def correct():
    x = np.random.RandomState(5).randn(2, 3, 5, 4)
    return {"subject": PReLURepaired(4), "inputs": (x,)}
