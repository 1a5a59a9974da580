"""1-D convolution by sliding windows and one matrix product. Weight layout as in PyTorch: (out, in, width).

Symptom: trains from scratch, but weights loaded from a PyTorch checkpoint give nonsense.
Repair: windows must be flattened in the order (channel, tap) like the weight.
"""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

CODES = ("patch-order-permuted",)
PLACES = ("weight", "x", "")


class Conv1d:
    def __init__(self, in_channels=4, out_channels=5, kernel_size=3):
        g = np.random.RandomState(12)
        self.weight = g.standard_normal((out_channels, in_channels, kernel_size)) * 0.4
        self.bias = g.standard_normal(out_channels) * 0.1

    def forward(self, x):
        # x: (batch, in_channels, length)
        self.x_shape = x.shape
        win = sliding_window_view(x, self.weight.shape[2], axis=2)      # (B, C, L', k)
        win = win.transpose(0, 2, 3, 1)        # FAULT
        self.col = win.reshape(win.shape[0], win.shape[1], -1)
        w = self.weight.reshape(len(self.weight), -1)
        return (self.col @ w.T + self.bias).transpose(0, 2, 1)

    def backward(self, grad_output):
        O, C, k = self.weight.shape
        g = grad_output.transpose(0, 2, 1)
        self.grad_bias = g.sum(axis=(0, 1))
        self.grad_weight = np.einsum("blo,blf->of", g, self.col).reshape(O, C, k)
        dcol = (g @ self.weight.reshape(O, -1)).reshape(g.shape[0], g.shape[1], k, C)
        dx = np.zeros(self.x_shape)
        for i in range(k):
            dx[:, :, i:i + g.shape[1]] += dcol[:, :, i, :].transpose(0, 2, 1)
        return dx


class Conv1dRepaired:
    def __init__(self, in_channels=4, out_channels=5, kernel_size=3):
        g = np.random.RandomState(12)
        self.weight = g.standard_normal((out_channels, in_channels, kernel_size)) * 0.4
        self.bias = g.standard_normal(out_channels) * 0.1

    def forward(self, x):
        # x: (batch, in_channels, length)
        self.x_shape = x.shape
        win = sliding_window_view(x, self.weight.shape[2], axis=2)      # (B, C, L', k)
        win = win.transpose(0, 2, 1, 3)
        self.col = win.reshape(win.shape[0], win.shape[1], -1)
        w = self.weight.reshape(len(self.weight), -1)
        return (self.col @ w.T + self.bias).transpose(0, 2, 1)

    def backward(self, grad_output):
        O, C, k = self.weight.shape
        g = grad_output.transpose(0, 2, 1)
        self.grad_bias = g.sum(axis=(0, 1))
        self.grad_weight = np.einsum("blo,blf->of", g, self.col).reshape(O, C, k)
        dcol = (g @ self.weight.reshape(O, -1)).reshape(g.shape[0], g.shape[1], C, k)
        dx = np.zeros(self.x_shape)
        for i in range(k):
            dx[:, :, i:i + g.shape[1]] += dcol[:, :, :, i].transpose(0, 2, 1)
        return dx


def faulty():
    return {"subject": Conv1d(), "inputs": (np.random.RandomState(0).standard_normal((2, 4, 9)),)}


def correct():
    return {"subject": Conv1dRepaired(), "inputs": (np.random.RandomState(0).standard_normal((2, 4, 9)),)}
