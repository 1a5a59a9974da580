"""Gated linear unit feed-forward with inverted dropout.

Symptom: validation loss is worse than training loss from the first epoch on, more so with larger p.
Repair: divide by (1-p) only while dropping; in evaluation the hidden units pass unchanged.
"""
import numpy as np

CODES = ("train-eval-mismatch",)
PLACES = ("dropout", "x", "")


class GLUFeedForward:
    def __init__(self, d=5, d_ff=7, p=0.3, seed=0):
        rng = np.random.default_rng(seed)
        self.rng = np.random.default_rng(seed + 1)
        self.p = p
        self.W_a = rng.normal(0, 0.5, (d, d_ff))
        self.W_g = rng.normal(0, 0.5, (d, d_ff))
        self.W_o = rng.normal(0, 0.5, (d_ff, d))

    def forward(self, x, training=True):
        self.x = x
        self.a = x @ self.W_a
        self.g = 1 / (1 + np.exp(-(x @ self.W_g)))
        h = self.a * self.g
        if training:
            keep = self.rng.random(h.shape) >= self.p
        else:
            keep = np.ones(h.shape)
        self.mult = keep / (1 - self.p)        # FAULT
        self.h = h * self.mult
        return self.h @ self.W_o

    def backward(self, dy):
        self.dW_o = self.h.T @ dy
        dh = (dy @ self.W_o.T) * self.mult
        da, dg = dh * self.g, dh * self.a * self.g * (1 - self.g)
        self.dW_a, self.dW_g = self.x.T @ da, self.x.T @ dg
        return da @ self.W_a.T + dg @ self.W_g.T


class GLUFeedForwardRepaired:
    def __init__(self, d=5, d_ff=7, p=0.3, seed=0):
        rng = np.random.default_rng(seed)
        self.rng = np.random.default_rng(seed + 1)
        self.p = p
        self.W_a = rng.normal(0, 0.5, (d, d_ff))
        self.W_g = rng.normal(0, 0.5, (d, d_ff))
        self.W_o = rng.normal(0, 0.5, (d_ff, d))

    def forward(self, x, training=True):
        self.x = x
        self.a = x @ self.W_a
        self.g = 1 / (1 + np.exp(-(x @ self.W_g)))
        h = self.a * self.g
        if training:
            keep = self.rng.random(h.shape) >= self.p
        else:
            keep = np.ones(h.shape)
        self.mult = keep / (1 - self.p) if training else keep
        self.h = h * self.mult
        return self.h @ self.W_o

    def backward(self, dy):
        self.dW_o = self.h.T @ dy
        dh = (dy @ self.W_o.T) * self.mult
        da, dg = dh * self.g, dh * self.a * self.g * (1 - self.g)
        self.dW_a, self.dW_g = self.x.T @ da, self.x.T @ dg
        return da @ self.W_a.T + dg @ self.W_g.T


def faulty():
    return {"subject": GLUFeedForward(), "inputs": (np.random.default_rng(6).normal(size=(4, 5)),), "training": False}


def correct():
    return {"subject": GLUFeedForwardRepaired(), "inputs": (np.random.default_rng(6).normal(size=(4, 5)),), "training": False}
