"""A GRU with dictionaries of weights; one of its gradients is assigned in the time loop.

Symptom: the candidate's weights learn from one step of the sequence, the gates from all.
Repair: accumulate it like the others.
"""
import numpy as np

CODES = ("last-step-only",)
PLACES = ("cand", "params.cand", "")


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class GRU:
    def __init__(self, n_in, n_hidden, rng):
        shape = (n_in + n_hidden + 1, n_hidden)
        self.n_in, self.n_hidden = n_in, n_hidden
        self.params = {name: rng.normal(0, 0.5, shape) for name in ("update", "reset", "cand")}
        self.grads = {name: np.zeros(shape) for name in self.params}

    def forward(self, x):
        """x (batch, time, n_in); the last row of every weight is its bias."""
        batch = len(x)
        one = np.ones((batch, 1))
        h = np.zeros((batch, self.n_hidden))
        self.tape, hs = [], []
        for t in range(x.shape[1]):
            v = np.hstack([x[:, t], h, one])
            z = sigmoid(v @ self.params["update"])
            r = sigmoid(v @ self.params["reset"])
            w = np.hstack([x[:, t], r * h, one])
            c = np.tanh(w @ self.params["cand"])
            self.tape.append((h, v, z, r, w, c))
            h = z * h + (1 - z) * c
            hs.append(h)
        return np.stack(hs, axis=1)

    def backward(self, dhs):
        for g in self.grads.values():
            g[...] = 0.0
        n = self.n_in
        hid = slice(n, n + self.n_hidden)
        dx = np.zeros((len(dhs), len(self.tape), n))
        dh_next = 0.0
        for t in reversed(range(len(self.tape))):
            h, v, z, r, w, c = self.tape[t]
            dh = dhs[:, t] + dh_next
            dc = dh * (1 - z) * (1 - c**2)
            dw = dc @ self.params["cand"].T
            dz = dh * (h - c) * z * (1 - z)
            dr = dw[:, hid] * h * r * (1 - r)
            self.grads["update"] += v.T @ dz
            self.grads["reset"] += v.T @ dr
            self.grads["cand"] = w.T @ dc  # FAULT
            dv = dz @ self.params["update"].T + dr @ self.params["reset"].T
            dx[:, t] = dw[:, :n] + dv[:, :n]
            dh_next = dh * z + dw[:, hid] * r + dv[:, hid]
        return dx


class GRURepaired:
    def __init__(self, n_in, n_hidden, rng):
        shape = (n_in + n_hidden + 1, n_hidden)
        self.n_in, self.n_hidden = n_in, n_hidden
        self.params = {name: rng.normal(0, 0.5, shape) for name in ("update", "reset", "cand")}
        self.grads = {name: np.zeros(shape) for name in self.params}

    def forward(self, x):
        """x (batch, time, n_in); the last row of every weight is its bias."""
        batch = len(x)
        one = np.ones((batch, 1))
        h = np.zeros((batch, self.n_hidden))
        self.tape, hs = [], []
        for t in range(x.shape[1]):
            v = np.hstack([x[:, t], h, one])
            z = sigmoid(v @ self.params["update"])
            r = sigmoid(v @ self.params["reset"])
            w = np.hstack([x[:, t], r * h, one])
            c = np.tanh(w @ self.params["cand"])
            self.tape.append((h, v, z, r, w, c))
            h = z * h + (1 - z) * c
            hs.append(h)
        return np.stack(hs, axis=1)

    def backward(self, dhs):
        for g in self.grads.values():
            g[...] = 0.0
        n = self.n_in
        hid = slice(n, n + self.n_hidden)
        dx = np.zeros((len(dhs), len(self.tape), n))
        dh_next = 0.0
        for t in reversed(range(len(self.tape))):
            h, v, z, r, w, c = self.tape[t]
            dh = dhs[:, t] + dh_next
            dc = dh * (1 - z) * (1 - c**2)
            dw = dc @ self.params["cand"].T
            dz = dh * (h - c) * z * (1 - z)
            dr = dw[:, hid] * h * r * (1 - r)
            self.grads["update"] += v.T @ dz
            self.grads["reset"] += v.T @ dr
            self.grads["cand"] += w.T @ dc
            dv = dz @ self.params["update"].T + dr @ self.params["reset"].T
            dx[:, t] = dw[:, :n] + dv[:, :n]
            dh_next = dh * z + dw[:, hid] * r + dv[:, hid]
        return dx


def faulty():
    rng = np.random.default_rng(1)
    return {"subject": GRU(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}


def correct():
    rng = np.random.default_rng(1)
    return {"subject": GRURepaired(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}
