"""An autoencoder with a tied weight that keeps the decoder's gradient only.

Symptom: the code stays poor.
Repair: add the encoder's contribution.
"""
import numpy as np

CODES = ("tied-weight-lost", "branch-overwritten")
PLACES = ("W",)


class TiedAutoencoder:
    def __init__(self, n_visible, n_code, rng):
        self.W = rng.normal(size=(n_visible, n_code)) * 0.4
        self.b = rng.normal(size=n_code) * 0.1
        self.c = rng.normal(size=n_visible) * 0.1

    def forward(self, v):
        self.v = v
        self.h = np.tanh(v @ self.W + self.b)
        return self.h @ self.W.T + self.c

    def backward(self, dr):
        self.dc = dr.sum(0)
        dh = dr @ self.W
        dz = dh * (1 - self.h ** 2)
        self.db = dz.sum(0)
        self.dW = dr.T @ self.h  # FAULT
        return dz @ self.W.T


class TiedAutoencoderRepaired:
    def __init__(self, n_visible, n_code, rng):
        self.W = rng.normal(size=(n_visible, n_code)) * 0.4
        self.b = rng.normal(size=n_code) * 0.1
        self.c = rng.normal(size=n_visible) * 0.1

    def forward(self, v):
        self.v = v
        self.h = np.tanh(v @ self.W + self.b)
        return self.h @ self.W.T + self.c

    def backward(self, dr):
        self.dc = dr.sum(0)
        dh = dr @ self.W
        dz = dh * (1 - self.h ** 2)
        self.db = dz.sum(0)
        self.dW = dr.T @ self.h + self.v.T @ dz
        return dz @ self.W.T


def faulty():
    rng = np.random.default_rng(32)
    return {"subject": TiedAutoencoder(6, 4, rng), "inputs": (rng.normal(size=(5, 6)),)}


def correct():
    rng = np.random.default_rng(32)
    return {"subject": TiedAutoencoderRepaired(6, 4, rng), "inputs": (rng.normal(size=(5, 6)),)}
