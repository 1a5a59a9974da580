"""A convolution whose filters have no channel axis and see the sum of the channels.

Symptom: color makes no difference.
Repair: one kernel for each input channel.
"""
import numpy as np

CODES = ("kernel-shared-across-channels",)
PLACES = ("", "W", "filters", "x")


class Conv2d:
    def __init__(self, c_in, c_out, k, rng):
        self.filters = rng.normal(size=(c_out, k, k))  # FAULT
        self.k = k

    def forward(self, x):
        self.shape = x.shape
        self.cols = np.lib.stride_tricks.sliding_window_view(x, (self.k, self.k), axis=(2, 3))
        return np.einsum("nchwij,oij->nohw", self.cols, self.filters)  # FAULT

    def backward(self, dy):
        self.dfilters = np.einsum("nchwij,nohw->oij", self.cols, dy)  # FAULT
        dx = np.zeros(self.shape)
        h, w = dy.shape[2:]
        for i in range(self.k):
            for j in range(self.k):
                one = np.tensordot(dy, self.filters[:, i, j], (1, 0))  # FAULT
                dx[:, :, i:i + h, j:j + w] += one[:, None]  # FAULT
        return dx


class Conv2dRepaired:
    def __init__(self, c_in, c_out, k, rng):
        self.filters = rng.normal(size=(c_out, c_in, k, k))
        self.k = k

    def forward(self, x):
        self.shape = x.shape
        self.cols = np.lib.stride_tricks.sliding_window_view(x, (self.k, self.k), axis=(2, 3))
        return np.einsum("nchwij,ocij->nohw", self.cols, self.filters)

    def backward(self, dy):
        self.dfilters = np.einsum("nchwij,nohw->ocij", self.cols, dy)
        dx = np.zeros(self.shape)
        h, w = dy.shape[2:]
        for i in range(self.k):
            for j in range(self.k):
                dx[:, :, i:i + h, j:j + w] += np.einsum("nohw,oc->nchw", dy, self.filters[:, :, i, j])
        return dx


def faulty():
    rng = np.random.default_rng(75)
    return {"subject": Conv2d(3, 2, 2, rng), "inputs": (rng.normal(size=(2, 3, 4, 5)),)}


def correct():
    rng = np.random.default_rng(75)
    return {"subject": Conv2dRepaired(3, 2, 2, rng), "inputs": (rng.normal(size=(2, 3, 4, 5)),)}
