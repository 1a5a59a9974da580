"""Siamese network: one encoder, two inputs, squared feature difference.

Symptom: pairs are told apart badly; the gradient of the first image is nearly that of the second.
Repair: let the encoder hand out its cache, and give each branch its own back.
"""
import numpy as np
CODES = ("cache-overwritten",)
PLACES = ("encoder", "encoder.W", "encoder.b", "W", "b", "x1", "xa", "")


class Encoder:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * 0.5
        self.b = np.random.randn(n_out) * 0.1
        self.zero_grad()

    def zero_grad(self):
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        out = np.tanh(x @ self.W + self.b)
        self.cache = (x, out)
        return out

    def backward(self, dout):
        x, out = self.cache
        dz = dout * (1 - out ** 2)
        self.dW += x.T @ dz
        self.db += dz.sum(0)
        return dz @ self.W.T


class Siamese:
    def __init__(self, n_in=5, n_out=3):
        self.encoder = Encoder(n_in, n_out)

    def forward(self, xa, xb):
        ea = self.encoder.forward(xa)
        eb = self.encoder.forward(xb)
        self.diff = ea - eb
        return self.diff ** 2

    def backward(self, dout):
        self.encoder.zero_grad()
        d = 2 * self.diff * dout
        dxb = self.encoder.backward(-d)
        dxa = self.encoder.backward(d)  # FAULT
        return dxa, dxb


class EncoderRepaired:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * 0.5
        self.b = np.random.randn(n_out) * 0.1
        self.zero_grad()

    def zero_grad(self):
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        out = np.tanh(x @ self.W + self.b)
        self.cache = (x, out)
        return out

    def backward(self, dout):
        x, out = self.cache
        dz = dout * (1 - out ** 2)
        self.dW += x.T @ dz
        self.db += dz.sum(0)
        return dz @ self.W.T


class SiameseRepaired:
    def __init__(self, n_in=5, n_out=3):
        self.encoder = EncoderRepaired(n_in, n_out)

    def forward(self, xa, xb):
        ea = self.encoder.forward(xa)
        self.cache_a = self.encoder.cache
        eb = self.encoder.forward(xb)
        self.cache_b = self.encoder.cache
        self.diff = ea - eb
        return self.diff ** 2

    def backward(self, dout):
        self.encoder.zero_grad()
        d = 2 * self.diff * dout
        self.encoder.cache = self.cache_b
        dxb = self.encoder.backward(-d)
        self.encoder.cache = self.cache_a
        dxa = self.encoder.backward(d)
        return dxa, dxb


def faulty():
    np.random.seed(62)
    return {"subject": Siamese(), "inputs": (np.random.randn(4, 5), np.random.randn(4, 5))}


def correct():
    np.random.seed(62)
    return {"subject": SiameseRepaired(), "inputs": (np.random.randn(4, 5), np.random.randn(4, 5))}
