"""Convolution backward by full correlation, with the zeros of the stride in the wrong place.

Symptom: the network with stride 1 trains, the one that downsamples by stride does not.
Repair: spread the output gradient with `stride - 1` zeros between its entries.
"""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

CODES = ("stride-or-padding-misaligned",)
PLACES = ("layers.1", "layers.1.kernel", "kernel", "layers.0", "x", "")


class Scale:
    """A learnable factor for every channel of (batch, channels, height, width)."""

    def __init__(self, channels, rng):
        self.factor = rng.uniform(0.5, 1.5, size=(channels, 1, 1))

    def forward(self, x):
        self.x = x
        return x * self.factor

    def backward(self, grad):
        self.grad_factor = (grad * self.x).sum(axis=(0, 2, 3))[:, None, None]
        return grad * self.factor


class StridedConv:
    def __init__(self, n_in, n_out, size, stride, rng):
        self.kernel = rng.normal(0, 0.4, size=(n_out, n_in, size, size))
        self.size, self.stride = size, stride

    def forward(self, x):
        self.x = x
        view = sliding_window_view(x, (self.size, self.size), axis=(2, 3))
        self.view = view[:, :, ::self.stride, ::self.stride]
        return np.einsum("bihwyx,oiyx->bohw", self.view, self.kernel)

    def backward(self, grad):
        self.grad_kernel = np.einsum("bihwyx,bohw->oiyx", self.view, grad)
        b, o, h, w = grad.shape
        _, _, height, width = self.x.shape
        k, s = self.size, self.stride
        spread = np.zeros((b, o, height - k + 1, width - k + 1))
        spread[:, :, :h, :w] = grad  # FAULT
        spread = np.pad(spread, ((0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)))
        view = sliding_window_view(spread, (k, k), axis=(2, 3))
        return np.einsum("bohwyx,oiyx->bihw", view, self.kernel[:, :, ::-1, ::-1])


class Downsampler:
    def __init__(self, rng):
        self.layers = [Scale(2, rng), StridedConv(2, 3, 3, 2, rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


class StridedConvRepaired:
    def __init__(self, n_in, n_out, size, stride, rng):
        self.kernel = rng.normal(0, 0.4, size=(n_out, n_in, size, size))
        self.size, self.stride = size, stride

    def forward(self, x):
        self.x = x
        view = sliding_window_view(x, (self.size, self.size), axis=(2, 3))
        self.view = view[:, :, ::self.stride, ::self.stride]
        return np.einsum("bihwyx,oiyx->bohw", self.view, self.kernel)

    def backward(self, grad):
        self.grad_kernel = np.einsum("bihwyx,bohw->oiyx", self.view, grad)
        b, o, h, w = grad.shape
        _, _, height, width = self.x.shape
        k, s = self.size, self.stride
        spread = np.zeros((b, o, height - k + 1, width - k + 1))
        spread[:, :, ::s, ::s] = grad
        spread = np.pad(spread, ((0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)))
        view = sliding_window_view(spread, (k, k), axis=(2, 3))
        return np.einsum("bohwyx,oiyx->bihw", view, self.kernel[:, :, ::-1, ::-1])


class DownsamplerRepaired:
    def __init__(self, rng):
        self.layers = [Scale(2, rng), StridedConvRepaired(2, 3, 3, 2, rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


def faulty():
    rng = np.random.default_rng(9)
    return {"subject": Downsampler(rng), "inputs": (rng.normal(size=(2, 2, 7, 5)),)}


def correct():
    rng = np.random.default_rng(9)
    return {"subject": DownsamplerRepaired(rng), "inputs": (rng.normal(size=(2, 2, 7, 5)),)}
