"""An attention head that returns its weight gradients in another order than it stores its weights.

Symptom: keys get the values' update.
Repair: same order in both.
"""
import numpy as np

CODES = ("gradients-swapped",)
PLACES = ("Wk", "Wv", "Wq")


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Head:
    def __init__(self, d, dh, rng):
        self.Wq, self.Wk, self.Wv = (rng.normal(size=(d, dh)) for _ in range(3))
        self.dWq = self.dWk = self.dWv = None

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.a = softmax(self.q @ self.k.swapaxes(1, 2) / np.sqrt(self.q.shape[-1]))
        return self.a @ self.v

    def backward(self, dy):
        dv = self.a.swapaxes(1, 2) @ dy
        da = dy @ self.v.swapaxes(1, 2)
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) / np.sqrt(self.q.shape[-1])
        dq = ds @ self.k
        dk = ds.swapaxes(1, 2) @ self.q
        grads = [np.einsum("bti,btj->ij", self.x, d) for d in (dq, dk, dv)]
        self.dWq, self.dWv, self.dWk = grads  # FAULT
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class HeadRepaired:
    def __init__(self, d, dh, rng):
        self.Wq, self.Wk, self.Wv = (rng.normal(size=(d, dh)) for _ in range(3))
        self.dWq = self.dWk = self.dWv = None

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.a = softmax(self.q @ self.k.swapaxes(1, 2) / np.sqrt(self.q.shape[-1]))
        return self.a @ self.v

    def backward(self, dy):
        dv = self.a.swapaxes(1, 2) @ dy
        da = dy @ self.v.swapaxes(1, 2)
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) / np.sqrt(self.q.shape[-1])
        dq = ds @ self.k
        dk = ds.swapaxes(1, 2) @ self.q
        grads = [np.einsum("bti,btj->ij", self.x, d) for d in (dq, dk, dv)]
        self.dWq, self.dWk, self.dWv = grads
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


def faulty():
    rng = np.random.default_rng(28)
    return {"subject": Head(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}


def correct():
    rng = np.random.default_rng(28)
    return {"subject": HeadRepaired(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}
