"""An autoencoder with transposed encoder weights as decoder.

Symptom: reconstruction improves, more slowly than with two separate matrices.
Repair: W is used twice; its gradient is the encoder's plus the decoder's, transposed.
"""
import numpy as np

CODES = ("tied-weight-lost",)
PLACES = ("W",)


def sigmoid(v):
    return 1.0 / (1.0 + np.exp(-v))


class Autoencoder:
    def __init__(self, n_visible, n_hidden, rng):
        self.W = rng.normal(size=(n_visible, n_hidden)) / np.sqrt(n_visible)
        self.b_hidden = rng.normal(size=n_hidden) * 0.1
        self.b_visible = rng.normal(size=n_visible) * 0.1

    def forward(self, x):
        self.x = x
        self.code = sigmoid(x @ self.W + self.b_hidden)
        self.reconstruction = sigmoid(self.code @ self.W.T + self.b_visible)
        return self.reconstruction

    def backward(self, d_rec):
        d_out = d_rec * self.reconstruction * (1.0 - self.reconstruction)
        d_code = d_out @ self.W
        d_pre = d_code * self.code * (1.0 - self.code)
        self.dW = self.x.T @ d_pre  # FAULT
        self.db_hidden = d_pre.sum(axis=0)
        self.db_visible = d_out.sum(axis=0)
        return d_pre @ self.W.T


class AutoencoderRepaired:
    def __init__(self, n_visible, n_hidden, rng):
        self.W = rng.normal(size=(n_visible, n_hidden)) / np.sqrt(n_visible)
        self.b_hidden = rng.normal(size=n_hidden) * 0.1
        self.b_visible = rng.normal(size=n_visible) * 0.1

    def forward(self, x):
        self.x = x
        self.code = sigmoid(x @ self.W + self.b_hidden)
        self.reconstruction = sigmoid(self.code @ self.W.T + self.b_visible)
        return self.reconstruction

    def backward(self, d_rec):
        d_out = d_rec * self.reconstruction * (1.0 - self.reconstruction)
        d_code = d_out @ self.W
        d_pre = d_code * self.code * (1.0 - self.code)
        self.dW = self.x.T @ d_pre + d_out.T @ self.code
        self.db_hidden = d_pre.sum(axis=0)
        self.db_visible = d_out.sum(axis=0)
        return d_pre @ self.W.T


def faulty():
    rng = np.random.default_rng(40)
    return {"subject": Autoencoder(6, 4, rng), "inputs": (rng.uniform(size=(5, 6)),)}


def correct():
    rng = np.random.default_rng(40)
    return {"subject": AutoencoderRepaired(6, 4, rng), "inputs": (rng.uniform(size=(5, 6)),)}
