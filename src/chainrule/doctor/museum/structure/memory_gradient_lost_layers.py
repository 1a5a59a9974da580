"""A translator whose decoder layers all read the memory, of which only the lowest one's gradient goes back.

Symptom: the encoder hardly learns.
Repair: add up the layers' memory gradients.
"""
import numpy as np

CODES = ("memory-gradient-lost", "branch-overwritten")
PLACES = ("memory", "1", "enc", "encoder", "", "enc_W", "src", "0")


class ReadLayer:
    """h + gate(memory mean) * tanh(h W)"""

    def __init__(self, d, rng):
        self.W, self.G = rng.normal(size=(d, d)) * 0.5, rng.normal(size=(d, d)) * 0.5

    def forward(self, h, memory):
        self.h, self.m = h, memory
        self.t = np.tanh(h @ self.W)
        self.g = memory.mean(axis=1, keepdims=True) @ self.G
        return h + self.g * self.t

    def backward(self, dy):
        dz = dy * self.g * (1 - self.t ** 2)
        self.dW = np.einsum("bti,btj->ij", self.h, dz)
        dg = (dy * self.t).sum(axis=1)
        self.dG = self.m.mean(axis=1).T @ dg
        dm = np.repeat((dg @ self.G.T)[:, None], self.m.shape[1], axis=1) / self.m.shape[1]
        return dy + dz @ self.W.T, dm


class Translator:
    def __init__(self, d_src, d, n_layers, rng):
        self.enc_W = rng.normal(size=(d_src, d))
        self.decoder = [ReadLayer(d, rng) for _ in range(n_layers)]

    def forward(self, src, tgt):
        self.src = src
        self.memory = np.tanh(src @ self.enc_W)
        for layer in self.decoder:
            tgt = layer.forward(tgt, self.memory)
        return tgt

    def backward(self, dy):
        dmem = np.zeros_like(self.memory)
        for layer in self.decoder[::-1]:
            dy, dmem = layer.backward(dy)  # FAULT
        dz = dmem * (1 - self.memory ** 2)
        self.enc_W_grad = np.einsum("bti,btj->ij", self.src, dz)
        return dz @ self.enc_W.T, dy


class ReadLayerRepaired:
    """h + gate(memory mean) * tanh(h W)"""

    def __init__(self, d, rng):
        self.W, self.G = rng.normal(size=(d, d)) * 0.5, rng.normal(size=(d, d)) * 0.5

    def forward(self, h, memory):
        self.h, self.m = h, memory
        self.t = np.tanh(h @ self.W)
        self.g = memory.mean(axis=1, keepdims=True) @ self.G
        return h + self.g * self.t

    def backward(self, dy):
        dz = dy * self.g * (1 - self.t ** 2)
        self.dW = np.einsum("bti,btj->ij", self.h, dz)
        dg = (dy * self.t).sum(axis=1)
        self.dG = self.m.mean(axis=1).T @ dg
        dm = np.repeat((dg @ self.G.T)[:, None], self.m.shape[1], axis=1) / self.m.shape[1]
        return dy + dz @ self.W.T, dm


class TranslatorRepaired:
    def __init__(self, d_src, d, n_layers, rng):
        self.enc_W = rng.normal(size=(d_src, d))
        self.decoder = [ReadLayerRepaired(d, rng) for _ in range(n_layers)]

    def forward(self, src, tgt):
        self.src = src
        self.memory = np.tanh(src @ self.enc_W)
        for layer in self.decoder:
            tgt = layer.forward(tgt, self.memory)
        return tgt

    def backward(self, dy):
        dmem = np.zeros_like(self.memory)
        for layer in self.decoder[::-1]:
            dy, part = layer.backward(dy)
            dmem += part
        dz = dmem * (1 - self.memory ** 2)
        self.enc_W_grad = np.einsum("bti,btj->ij", self.src, dz)
        return dz @ self.enc_W.T, dy


def faulty():
    rng = np.random.default_rng(151)
    return {"subject": Translator(3, 4, 3, rng),
            "inputs": (rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 6, 4)))}


def correct():
    rng = np.random.default_rng(151)
    return {"subject": TranslatorRepaired(3, 4, 3, rng),
            "inputs": (rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 6, 4)))}
