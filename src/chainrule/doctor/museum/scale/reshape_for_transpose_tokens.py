"""A channel mixer (as in an MLP-mixer) that reshapes its gradient where it should swap tokens and channels.

Symptom: the layers below see scrambled errors.
Repair: swap the axes.
"""
import numpy as np

CODES = ("reshape-for-transpose",)
PLACES = ("x", "W", "proj", "", "qkv", "kernel")


class TokenMixer:
    """x (B, T, C): mixes along T for each channel, then adds the input."""

    def __init__(self, t_in, t_out, rng):
        self.kernel = rng.normal(size=(t_in, t_out)) * 0.5

    def forward(self, x):
        self.xt = np.swapaxes(x, 1, 2)
        self.h = np.tanh(self.xt @ self.kernel)
        return np.swapaxes(self.h, 1, 2)

    def backward(self, dy):
        b, t, c = dy.shape
        dh = dy.reshape(b, c, t)  # FAULT
        dz = dh * (1 - self.h ** 2)
        self.kernel_grad = np.einsum("bci,bco->io", self.xt, dz)
        return np.swapaxes(dz @ self.kernel.T, 1, 2)


class TokenMixerRepaired:
    """x (B, T, C): mixes along T for each channel, then adds the input."""

    def __init__(self, t_in, t_out, rng):
        self.kernel = rng.normal(size=(t_in, t_out)) * 0.5

    def forward(self, x):
        self.xt = np.swapaxes(x, 1, 2)
        self.h = np.tanh(self.xt @ self.kernel)
        return np.swapaxes(self.h, 1, 2)

    def backward(self, dy):
        b, t, c = dy.shape
        dh = np.swapaxes(dy, 1, 2)
        dz = dh * (1 - self.h ** 2)
        self.kernel_grad = np.einsum("bci,bco->io", self.xt, dz)
        return np.swapaxes(dz @ self.kernel.T, 1, 2)


def faulty():
    rng = np.random.default_rng(126)
    return {"subject": TokenMixer(5, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}


def correct():
    rng = np.random.default_rng(126)
    return {"subject": TokenMixerRepaired(5, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}
