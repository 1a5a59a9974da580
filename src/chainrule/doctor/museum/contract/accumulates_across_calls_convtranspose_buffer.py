"""Transposed 1-d convolution (batch, channel, length) that keeps its gradient buffer.

Symptom: first batch right, then the layers below get ever larger gradients until NaN.
Repair: clear the buffer at the start of every backward.
"""
import numpy as np
CODES = ("accumulates-across-calls",)
PLACES = ("x", "dx", "gradInput", "")


class ConvTranspose1d:
    def __init__(self, nIn=3, nOut=4, kernel=3, stride=2):
        rng = np.random.default_rng(8)
        self.weight = rng.normal(size=(nIn, nOut, kernel)) * 0.4
        self.bias = rng.normal(size=nOut) * 0.1
        self.kernel, self.stride = kernel, stride
        self.gradInput = None

    def forward(self, x):
        B, C, L = x.shape
        self.x = x
        out = np.zeros((B, self.weight.shape[1], (L - 1) * self.stride + self.kernel))
        for i in range(L):
            s = i * self.stride
            out[:, :, s:s + self.kernel] += np.einsum("bc,cok->bok", x[:, :, i], self.weight)
        return out + self.bias[None, :, None]

    def backward(self, gradOutput):
        if self.gradInput is None:  # FAULT
            self.gradInput = np.zeros_like(self.x)  # FAULT
        self.gradWeight = np.zeros_like(self.weight)
        for i in range(self.x.shape[2]):
            s = i * self.stride
            patch = gradOutput[:, :, s:s + self.kernel]
            self.gradInput[:, :, i] += np.einsum("bok,cok->bc", patch, self.weight)
            self.gradWeight += np.einsum("bc,bok->cok", self.x[:, :, i], patch)
        self.gradBias = gradOutput.sum(axis=(0, 2))
        return self.gradInput.copy()


class ConvTranspose1dRepaired:
    def __init__(self, nIn=3, nOut=4, kernel=3, stride=2):
        rng = np.random.default_rng(8)
        self.weight = rng.normal(size=(nIn, nOut, kernel)) * 0.4
        self.bias = rng.normal(size=nOut) * 0.1
        self.kernel, self.stride = kernel, stride
        self.gradInput = None

    def forward(self, x):
        B, C, L = x.shape
        self.x = x
        out = np.zeros((B, self.weight.shape[1], (L - 1) * self.stride + self.kernel))
        for i in range(L):
            s = i * self.stride
            out[:, :, s:s + self.kernel] += np.einsum("bc,cok->bok", x[:, :, i], self.weight)
        return out + self.bias[None, :, None]

    def backward(self, gradOutput):
        self.gradInput = np.zeros_like(self.x)
        self.gradWeight = np.zeros_like(self.weight)
        for i in range(self.x.shape[2]):
            s = i * self.stride
            patch = gradOutput[:, :, s:s + self.kernel]
            self.gradInput[:, :, i] += np.einsum("bok,cok->bc", patch, self.weight)
            self.gradWeight += np.einsum("bc,bok->cok", self.x[:, :, i], patch)
        self.gradBias = gradOutput.sum(axis=(0, 2))
        return self.gradInput.copy()


def faulty():
    return {"subject": ConvTranspose1d(), "inputs": (np.random.default_rng(9).normal(size=(2, 3, 5)),)}


def correct():
    return {"subject": ConvTranspose1dRepaired(), "inputs": (np.random.default_rng(9).normal(size=(2, 3, 5)),)}
