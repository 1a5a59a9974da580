"""A weight-tied siamese network: one encoder, two pictures, the difference of their codes.

Symptom: the tied weights' gradient is that of the second picture twice, with opposite signs.
Repair: run backward with the cache of the use that it belongs to.
"""
import numpy as np

CODES = ("cache-overwritten",)
PLACES = ("encoder", "left", "encoder.W", "encoder.b")


class Encoder:
    def __init__(self, n_in, n_code, rng):
        self.W = rng.normal(size=(n_in, n_code)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_code) * 0.2
        self.zero_grad()

    def zero_grad(self):
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        self.code = np.tanh(x @ self.W + self.b)
        return self.code

    def backward(self, dcode):
        dz = dcode * (1 - self.code ** 2)
        self.dW += self.x.T @ dz
        self.db += dz.sum(axis=0)
        return dz @ self.W.T


class SiameseNetwork:
    def __init__(self, n_in, n_code, rng):
        self.encoder = Encoder(n_in, n_code, rng)

    def forward(self, left, right):
        self.left, self.right = left, right
        code_left = self.encoder.forward(left)
        code_right = self.encoder.forward(right)
        return code_left - code_right

    def backward(self, dy):
        self.encoder.zero_grad()
        dright = self.encoder.backward(-dy)
        dleft = self.encoder.backward(dy)  # FAULT
        return dleft, dright


class EncoderRepaired:
    def __init__(self, n_in, n_code, rng):
        self.W = rng.normal(size=(n_in, n_code)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_code) * 0.2
        self.zero_grad()

    def zero_grad(self):
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        self.code = np.tanh(x @ self.W + self.b)
        return self.code

    def backward(self, dcode):
        dz = dcode * (1 - self.code ** 2)
        self.dW += self.x.T @ dz
        self.db += dz.sum(axis=0)
        return dz @ self.W.T


class SiameseNetworkRepaired:
    def __init__(self, n_in, n_code, rng):
        self.encoder = EncoderRepaired(n_in, n_code, rng)

    def forward(self, left, right):
        self.left, self.right = left, right
        code_left = self.encoder.forward(left)
        code_right = self.encoder.forward(right)
        return code_left - code_right

    def backward(self, dy):
        self.encoder.zero_grad()
        self.encoder.forward(self.right)
        dright = self.encoder.backward(-dy)
        self.encoder.forward(self.left)
        dleft = self.encoder.backward(dy)
        return dleft, dright


def faulty():
    rng = np.random.default_rng(52)
    left, right = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    return {"subject": SiameseNetwork(5, 4, rng), "inputs": (left, right)}


def correct():
    rng = np.random.default_rng(52)
    left, right = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    return {"subject": SiameseNetworkRepaired(5, 4, rng), "inputs": (left, right)}
