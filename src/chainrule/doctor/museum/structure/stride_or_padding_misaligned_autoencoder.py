"""Autoencoder for short sensor traces; the decoder doubles the length with a transposed convolution.

Symptom: reconstruction improves only as far as the last layer can get alone; the code stays random.
Repair: reading the upstream gradient back, step by the stride.
"""
import numpy as np

CODES = ("stride-or-padding-misaligned",)
PLACES = ("up",)


def mse(y, t):
    return float(np.mean((y - t) ** 2))


def mse_grad(y, t):
    return 2 * (y - t) / y.size


class Affine:
    def __init__(self, g, n, m):
        self.w = g.standard_normal((m, n)) / np.sqrt(n)      # (out, in)
        self.b = g.standard_normal(m) * 0.2

    def fprop(self, x):
        self.x = x
        return x @ self.w.T + self.b

    def bprop(self, d):
        self.gw = d.T @ self.x
        self.gb = d.sum(axis=0)
        return d @ self.w


class UpConv1d:
    """(B, C, L) -> (B, O, (L-1)*stride + k)"""

    def __init__(self, g, c, o, k=4, stride=2):
        self.w = g.standard_normal((c, o, k)) / np.sqrt(c * k)
        self.b = g.standard_normal(o) * 0.2
        self.k, self.stride = k, stride

    def fprop(self, x):
        self.x = x
        B, C, L = x.shape
        y = np.zeros((B, self.w.shape[1], (L - 1) * self.stride + self.k))
        for i in range(L):
            a = i * self.stride
            y[:, :, a:a + self.k] += np.einsum('bc,cok->bok', x[:, :, i], self.w)
        return y + self.b[:, None]

    def bprop(self, d):
        self.gb = d.sum(axis=(0, 2))
        self.gw = np.zeros_like(self.w)
        dx = np.zeros_like(self.x)
        for i in range(self.x.shape[2]):
            a = i * self.stride
            self.gw += np.einsum('bc,bok->cok', self.x[:, :, i], d[:, :, a:a + self.k])
            dx[:, :, i] = np.einsum('bok,cok->bc', d[:, :, i:i + self.k], self.w)  # FAULT
        return dx


class TraceAutoencoder:
    def __init__(self, length=12, code=5, seed=7):
        g = np.random.default_rng(seed)
        self.squeeze = Affine(g, length, code)
        self.expand = Affine(g, code, 3 * 5)
        self.up = UpConv1d(g, 3, 1)

    def fprop(self, x):
        self.h = np.tanh(self.squeeze.fprop(x))
        self.e = np.tanh(self.expand.fprop(self.h))
        return self.up.fprop(self.e.reshape(-1, 3, 5))[:, 0]

    def bprop(self, d):
        d = self.up.bprop(d[:, None, :]).reshape(len(d), -1)
        d = self.expand.bprop(d * (1 - self.e ** 2))
        return self.squeeze.bprop(d * (1 - self.h ** 2))


class AffineRepaired:
    def __init__(self, g, n, m):
        self.w = g.standard_normal((m, n)) / np.sqrt(n)      # (out, in)
        self.b = g.standard_normal(m) * 0.2

    def fprop(self, x):
        self.x = x
        return x @ self.w.T + self.b

    def bprop(self, d):
        self.gw = d.T @ self.x
        self.gb = d.sum(axis=0)
        return d @ self.w


class UpConv1dRepaired:
    """(B, C, L) -> (B, O, (L-1)*stride + k)"""

    def __init__(self, g, c, o, k=4, stride=2):
        self.w = g.standard_normal((c, o, k)) / np.sqrt(c * k)
        self.b = g.standard_normal(o) * 0.2
        self.k, self.stride = k, stride

    def fprop(self, x):
        self.x = x
        B, C, L = x.shape
        y = np.zeros((B, self.w.shape[1], (L - 1) * self.stride + self.k))
        for i in range(L):
            a = i * self.stride
            y[:, :, a:a + self.k] += np.einsum('bc,cok->bok', x[:, :, i], self.w)
        return y + self.b[:, None]

    def bprop(self, d):
        self.gb = d.sum(axis=(0, 2))
        self.gw = np.zeros_like(self.w)
        dx = np.zeros_like(self.x)
        for i in range(self.x.shape[2]):
            a = i * self.stride
            self.gw += np.einsum('bc,bok->cok', self.x[:, :, i], d[:, :, a:a + self.k])
            dx[:, :, i] = np.einsum('bok,cok->bc', d[:, :, a:a + self.k], self.w)
        return dx


class TraceAutoencoderRepaired:
    def __init__(self, length=12, code=5, seed=7):
        g = np.random.default_rng(seed)
        self.squeeze = AffineRepaired(g, length, code)
        self.expand = AffineRepaired(g, code, 3 * 5)
        self.up = UpConv1dRepaired(g, 3, 1)

    def fprop(self, x):
        self.h = np.tanh(self.squeeze.fprop(x))
        self.e = np.tanh(self.expand.fprop(self.h))
        return self.up.fprop(self.e.reshape(-1, 3, 5))[:, 0]

    def bprop(self, d):
        d = self.up.bprop(d[:, None, :]).reshape(len(d), -1)
        d = self.expand.bprop(d * (1 - self.e ** 2))
        return self.squeeze.bprop(d * (1 - self.h ** 2))


def faulty():
    x = np.random.default_rng(1).standard_normal((4, 12))
    return {"subject": TraceAutoencoder(), "inputs": (x,), "loss": (mse, mse_grad), "target": x}


def correct():
    x = np.random.default_rng(1).standard_normal((4, 12))
    return {"subject": TraceAutoencoderRepaired(), "inputs": (x,), "loss": (mse, mse_grad), "target": x}
