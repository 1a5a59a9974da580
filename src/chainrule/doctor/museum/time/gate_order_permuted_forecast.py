"""A forecaster on an LSTM with column vectors; its weight gradient is stacked i, f, o, g.

Symptom: the first steps of training make the loss rise.
Repair: the forward reads f, i, o, g; stack the gradient like that.
"""
import numpy as np

CODES = ("gate-order-permuted",)
PLACES = ("lstm", "lstm.theta", "theta", "layers.0", "layers.0.theta", "layers.0.bias", "")


def squash(a):
    return 1.0 / (1.0 + np.exp(-a))


class Readout:
    def __init__(self, n_in, n_out, rng):
        self.theta = rng.normal(0, 0.5, (n_out, n_in))
        self.bias = np.zeros((n_out, 1))

    def forward(self, h):
        self.h = h
        return self.theta @ h + self.bias

    def backward(self, delta):
        self.gradients = {"theta": delta @ self.h.T, "bias": delta.sum(axis=1, keepdims=True)}
        return self.theta.T @ delta


class LSTMEncoder:
    """window (time, features, batch) -> last state (hidden, batch)"""

    def __init__(self, n_in, n_hidden, rng):
        self.n_in, self.n_hidden = n_in, n_hidden
        self.theta = rng.normal(0, 0.5, (4 * n_hidden, n_in + n_hidden))
        self.bias = np.zeros((4 * n_hidden, 1))

    def forward(self, window):
        n = self.n_hidden
        h = c = np.zeros((n, window.shape[2]))
        self.trace = []
        for x in window:
            v = np.concatenate([x, h])
            a = self.theta @ v + self.bias
            f, i, o = squash(a[:n]), squash(a[n:2 * n]), squash(a[2 * n:3 * n])
            g = np.tanh(a[3 * n:])
            old, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.trace.append((v, f, i, o, g, old, c))
        return h

    def backward(self, dh):
        blocks = {gate: 0.0 for gate in "fiog"}
        biases = {gate: 0.0 for gate in "fiog"}
        rows = dict(zip("fiog", np.split(self.theta, 4)))
        dc = np.zeros_like(dh)
        dwindow = []
        for v, f, i, o, g, old, c in reversed(self.trace):
            tc = np.tanh(c)
            dc = dc + dh * o * (1 - tc**2)
            d = {
                "f": dc * old * f * (1 - f),
                "i": dc * g * i * (1 - i),
                "o": dh * tc * o * (1 - o),
                "g": dc * i * (1 - g**2),
            }
            dv = 0.0
            for gate, delta in d.items():
                blocks[gate] = blocks[gate] + delta @ v.T
                biases[gate] = biases[gate] + delta.sum(axis=1, keepdims=True)
                dv = dv + rows[gate].T @ delta
            dwindow.append(dv[:self.n_in])
            dh = dv[self.n_in:]
            dc = dc * f
        order = "ifog"  # FAULT
        self.gradients = {
            "theta": np.concatenate([blocks[gate] for gate in order]),
            "bias": np.concatenate([biases[gate] for gate in order]),
        }
        return np.stack(dwindow[::-1])


class Forecaster:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.layers = [LSTMEncoder(n_in, n_hidden, rng), Readout(n_hidden, n_out, rng)]

    def forward(self, window):
        out = window
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, delta):
        for layer in reversed(self.layers):
            delta = layer.backward(delta)
        return delta


class LSTMEncoderRepaired:
    """window (time, features, batch) -> last state (hidden, batch)"""

    def __init__(self, n_in, n_hidden, rng):
        self.n_in, self.n_hidden = n_in, n_hidden
        self.theta = rng.normal(0, 0.5, (4 * n_hidden, n_in + n_hidden))
        self.bias = np.zeros((4 * n_hidden, 1))

    def forward(self, window):
        n = self.n_hidden
        h = c = np.zeros((n, window.shape[2]))
        self.trace = []
        for x in window:
            v = np.concatenate([x, h])
            a = self.theta @ v + self.bias
            f, i, o = squash(a[:n]), squash(a[n:2 * n]), squash(a[2 * n:3 * n])
            g = np.tanh(a[3 * n:])
            old, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.trace.append((v, f, i, o, g, old, c))
        return h

    def backward(self, dh):
        blocks = {gate: 0.0 for gate in "fiog"}
        biases = {gate: 0.0 for gate in "fiog"}
        rows = dict(zip("fiog", np.split(self.theta, 4)))
        dc = np.zeros_like(dh)
        dwindow = []
        for v, f, i, o, g, old, c in reversed(self.trace):
            tc = np.tanh(c)
            dc = dc + dh * o * (1 - tc**2)
            d = {
                "f": dc * old * f * (1 - f),
                "i": dc * g * i * (1 - i),
                "o": dh * tc * o * (1 - o),
                "g": dc * i * (1 - g**2),
            }
            dv = 0.0
            for gate, delta in d.items():
                blocks[gate] = blocks[gate] + delta @ v.T
                biases[gate] = biases[gate] + delta.sum(axis=1, keepdims=True)
                dv = dv + rows[gate].T @ delta
            dwindow.append(dv[:self.n_in])
            dh = dv[self.n_in:]
            dc = dc * f
        order = "fiog"
        self.gradients = {
            "theta": np.concatenate([blocks[gate] for gate in order]),
            "bias": np.concatenate([biases[gate] for gate in order]),
        }
        return np.stack(dwindow[::-1])


class ForecasterRepaired:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.layers = [LSTMEncoderRepaired(n_in, n_hidden, rng), Readout(n_hidden, n_out, rng)]

    def forward(self, window):
        out = window
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, delta):
        for layer in reversed(self.layers):
            delta = layer.backward(delta)
        return delta


def faulty():
    rng = np.random.default_rng(2)
    return {"subject": Forecaster(3, 4, 2, rng), "inputs": (rng.normal(size=(5, 3, 2)),)}


def correct():
    rng = np.random.default_rng(2)
    return {"subject": ForecasterRepaired(3, 4, 2, rng), "inputs": (rng.normal(size=(5, 3, 2)),)}
