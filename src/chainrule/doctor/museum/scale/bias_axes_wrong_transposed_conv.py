"""Transposed 1-D convolution of a small audio decoder.

Symptom: all channels of the bias move together; the decoder hums at a constant offset.
Repair: keep the channel axis when summing the bias gradient.
"""
import numpy as np

CODES = ("bias-axes-wrong",)
PLACES = ("bias", "")


class Module:
    def __init__(self):
        self.params = {}
        self.grads = {}

    def zero_grads(self):
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}


class ConvTranspose1d(Module):
    def __init__(self, in_ch, out_ch, kernel, stride, rng):
        super().__init__()
        self.stride = stride
        self.params["kernel"] = rng.normal(0, 0.4, size=(in_ch, out_ch, kernel))
        self.params["bias"] = rng.normal(0, 0.4, size=(out_ch,))
        self.zero_grads()

    def forward(self, x):
        w, s = self.params["kernel"], self.stride
        N, _, L = x.shape
        K = w.shape[2]
        y = np.zeros((N, w.shape[1], (L - 1) * s + K))
        for i in range(L):
            y[:, :, i * s:i * s + K] += np.einsum("nc,cok->nok", x[:, :, i], w)
        self.x = x
        return y + self.params["bias"][None, :, None]

    def backward(self, dy):
        self.zero_grads()
        w, s, K = self.params["kernel"], self.stride, self.params["kernel"].shape[2]
        dx = np.zeros_like(self.x)
        for i in range(self.x.shape[2]):
            win = dy[:, :, i * s:i * s + K]
            dx[:, :, i] = np.einsum("nok,cok->nc", win, w)
            self.grads["kernel"] += np.einsum("nc,nok->cok", self.x[:, :, i], win)
        self.grads["bias"] += dy.sum()  # FAULT
        return dx


class ModuleRepaired:
    def __init__(self):
        self.params = {}
        self.grads = {}

    def zero_grads(self):
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}


class ConvTranspose1dRepaired(ModuleRepaired):
    def __init__(self, in_ch, out_ch, kernel, stride, rng):
        super().__init__()
        self.stride = stride
        self.params["kernel"] = rng.normal(0, 0.4, size=(in_ch, out_ch, kernel))
        self.params["bias"] = rng.normal(0, 0.4, size=(out_ch,))
        self.zero_grads()

    def forward(self, x):
        w, s = self.params["kernel"], self.stride
        N, _, L = x.shape
        K = w.shape[2]
        y = np.zeros((N, w.shape[1], (L - 1) * s + K))
        for i in range(L):
            y[:, :, i * s:i * s + K] += np.einsum("nc,cok->nok", x[:, :, i], w)
        self.x = x
        return y + self.params["bias"][None, :, None]

    def backward(self, dy):
        self.zero_grads()
        w, s, K = self.params["kernel"], self.stride, self.params["kernel"].shape[2]
        dx = np.zeros_like(self.x)
        for i in range(self.x.shape[2]):
            win = dy[:, :, i * s:i * s + K]
            dx[:, :, i] = np.einsum("nok,cok->nc", win, w)
            self.grads["kernel"] += np.einsum("nc,nok->cok", self.x[:, :, i], win)
        self.grads["bias"] += dy.sum(axis=(0, 2))
        return dx


def _case(cls):
    rng = np.random.default_rng(55)
    return {"subject": cls(3, 4, 3, 2, rng), "inputs": (rng.normal(size=(2, 3, 5)),)}


def faulty():
    return _case(ConvTranspose1d)


def correct():
    return _case(ConvTranspose1dRepaired)
