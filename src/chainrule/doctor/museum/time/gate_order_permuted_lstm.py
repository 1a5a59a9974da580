"""An LSTM that unpacks its gates in one order and packs their gradients in another.

Symptom: the loss wanders; single gates, tested one by one, are all right.
Repair: one order for both, here i, f, g, o.
"""
import numpy as np

CODES = ("gate-order-permuted",)
PLACES = ("x", "W_ih", "W_hh", "bias", "")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


class LSTM:
    """Stacked gates as in most libraries: W_ih (4H, D), W_hh (4H, H), bias (4H,)."""

    def __init__(self, input_size, hidden_size, rng):
        bound = 1.0 / np.sqrt(hidden_size)
        self.W_ih = rng.uniform(-bound, bound, (4 * hidden_size, input_size))
        self.W_hh = rng.uniform(-bound, bound, (4 * hidden_size, hidden_size))
        self.bias = rng.uniform(-bound, bound, 4 * hidden_size)
        self.hidden_size = hidden_size

    def forward(self, x):
        steps, batch, _ = x.shape
        h = np.zeros((batch, self.hidden_size))
        c = np.zeros((batch, self.hidden_size))
        self.saved = []
        outputs = []
        for t in range(steps):
            z = x[t] @ self.W_ih.T + h @ self.W_hh.T + self.bias
            zi, zf, zg, zo = np.split(z, 4, axis=1)
            i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
            c_next = f * c + i * g
            self.saved.append((x[t], h, c, i, f, g, o, np.tanh(c_next)))
            c = c_next
            h = o * np.tanh(c)
            outputs.append(h)
        return np.stack(outputs)

    def backward(self, grad):
        self.grad_W_ih = np.zeros_like(self.W_ih)
        self.grad_W_hh = np.zeros_like(self.W_hh)
        self.grad_bias = np.zeros_like(self.bias)
        dx = []
        dh_next = dc_next = 0.0
        for t in reversed(range(len(self.saved))):
            x, h, c, i, f, g, o, tanh_c = self.saved[t]
            dh = grad[t] + dh_next
            dc = dh * o * (1 - tanh_c**2) + dc_next
            di, df = dc * g * i * (1 - i), dc * c * f * (1 - f)
            dg, do = dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)
            dz = np.concatenate([di, df, do, dg], axis=1)  # FAULT
            self.grad_W_ih += dz.T @ x
            self.grad_W_hh += dz.T @ h
            self.grad_bias += dz.sum(axis=0)
            dx.append(dz @ self.W_ih)
            dh_next = dz @ self.W_hh
            dc_next = dc * f
        return np.stack(dx[::-1])


class LSTMRepaired:
    """Stacked gates as in most libraries: W_ih (4H, D), W_hh (4H, H), bias (4H,)."""

    def __init__(self, input_size, hidden_size, rng):
        bound = 1.0 / np.sqrt(hidden_size)
        self.W_ih = rng.uniform(-bound, bound, (4 * hidden_size, input_size))
        self.W_hh = rng.uniform(-bound, bound, (4 * hidden_size, hidden_size))
        self.bias = rng.uniform(-bound, bound, 4 * hidden_size)
        self.hidden_size = hidden_size

    def forward(self, x):
        steps, batch, _ = x.shape
        h = np.zeros((batch, self.hidden_size))
        c = np.zeros((batch, self.hidden_size))
        self.saved = []
        outputs = []
        for t in range(steps):
            z = x[t] @ self.W_ih.T + h @ self.W_hh.T + self.bias
            zi, zf, zg, zo = np.split(z, 4, axis=1)
            i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
            c_next = f * c + i * g
            self.saved.append((x[t], h, c, i, f, g, o, np.tanh(c_next)))
            c = c_next
            h = o * np.tanh(c)
            outputs.append(h)
        return np.stack(outputs)

    def backward(self, grad):
        self.grad_W_ih = np.zeros_like(self.W_ih)
        self.grad_W_hh = np.zeros_like(self.W_hh)
        self.grad_bias = np.zeros_like(self.bias)
        dx = []
        dh_next = dc_next = 0.0
        for t in reversed(range(len(self.saved))):
            x, h, c, i, f, g, o, tanh_c = self.saved[t]
            dh = grad[t] + dh_next
            dc = dh * o * (1 - tanh_c**2) + dc_next
            di, df = dc * g * i * (1 - i), dc * c * f * (1 - f)
            dg, do = dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)
            dz = np.concatenate([di, df, dg, do], axis=1)
            self.grad_W_ih += dz.T @ x
            self.grad_W_hh += dz.T @ h
            self.grad_bias += dz.sum(axis=0)
            dx.append(dz @ self.W_ih)
            dh_next = dz @ self.W_hh
            dc_next = dc * f
        return np.stack(dx[::-1])


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": LSTM(3, 4, rng), "inputs": (rng.normal(size=(5, 2, 3)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": LSTMRepaired(3, 4, rng), "inputs": (rng.normal(size=(5, 2, 3)),)}
