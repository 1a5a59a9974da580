"""An LSTM whose backward starts each step with a fresh cell gradient.

Symptom: it remembers no longer than a plain recurrent net.
Repair: carry dc * f to the step before.
"""
import numpy as np

CODES = ("cell-gradient-dropped",)
PLACES = ("W", "x", "b", "", "lstm")


def sigma(a):
    return 1.0 / (1.0 + np.exp(-a))


class LSTM:
    """Time first: xs (T, B, D) -> hs (T, B, H); one matrix for [x, h], gates i f o g."""

    def __init__(self, D, H, rng):
        self.H = H
        self.W = rng.normal(size=(D + H, 4 * H)) / np.sqrt(D + H)
        self.b = rng.normal(size=4 * H) * 0.2

    def forward(self, xs):
        T, B, _ = xs.shape
        h = c = np.zeros((B, self.H))
        self.cache, hs = [], []
        for t in range(T):
            v = np.hstack([xs[t], h])
            i, f, o, g = np.split(v @ self.W + self.b, 4, axis=1)
            i, f, o, g = sigma(i), sigma(f), sigma(o), np.tanh(g)
            c_prev, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.cache.append((v, i, f, o, g, c_prev, c))
            hs.append(h)
        return np.array(hs)

    def backward(self, dhs):
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        D = self.W.shape[0] - self.H
        dxs = []
        dh_next = dc_next = np.zeros_like(dhs[0])
        for (v, i, f, o, g, c_prev, c), dh in zip(self.cache[::-1], dhs[::-1]):
            dh = dh + dh_next
            tc = np.tanh(c)
            dc = dh * o * (1 - tc ** 2)  # FAULT
            da = np.hstack([dc * g * i * (1 - i), dc * c_prev * f * (1 - f),
                            dh * tc * o * (1 - o), dc * i * (1 - g ** 2)])
            self.dW += v.T @ da
            self.db += da.sum(0)
            dv = da @ self.W.T
            dxs.insert(0, dv[:, :D])
            dh_next, dc_next = dv[:, D:], dc * f
        return np.array(dxs)


class LSTMRepaired:
    """Time first: xs (T, B, D) -> hs (T, B, H); one matrix for [x, h], gates i f o g."""

    def __init__(self, D, H, rng):
        self.H = H
        self.W = rng.normal(size=(D + H, 4 * H)) / np.sqrt(D + H)
        self.b = rng.normal(size=4 * H) * 0.2

    def forward(self, xs):
        T, B, _ = xs.shape
        h = c = np.zeros((B, self.H))
        self.cache, hs = [], []
        for t in range(T):
            v = np.hstack([xs[t], h])
            i, f, o, g = np.split(v @ self.W + self.b, 4, axis=1)
            i, f, o, g = sigma(i), sigma(f), sigma(o), np.tanh(g)
            c_prev, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.cache.append((v, i, f, o, g, c_prev, c))
            hs.append(h)
        return np.array(hs)

    def backward(self, dhs):
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        D = self.W.shape[0] - self.H
        dxs = []
        dh_next = dc_next = np.zeros_like(dhs[0])
        for (v, i, f, o, g, c_prev, c), dh in zip(self.cache[::-1], dhs[::-1]):
            dh = dh + dh_next
            tc = np.tanh(c)
            dc = dh * o * (1 - tc ** 2) + dc_next
            da = np.hstack([dc * g * i * (1 - i), dc * c_prev * f * (1 - f),
                            dh * tc * o * (1 - o), dc * i * (1 - g ** 2)])
            self.dW += v.T @ da
            self.db += da.sum(0)
            dv = da @ self.W.T
            dxs.insert(0, dv[:, :D])
            dh_next, dc_next = dv[:, D:], dc * f
        return np.array(dxs)


def faulty():
    rng = np.random.default_rng(61)
    return {"subject": LSTM(3, 4, rng), "inputs": (rng.normal(size=(5, 2, 3)),)}


def correct():
    rng = np.random.default_rng(61)
    return {"subject": LSTMRepaired(3, 4, rng), "inputs": (rng.normal(size=(5, 2, 3)),)}
