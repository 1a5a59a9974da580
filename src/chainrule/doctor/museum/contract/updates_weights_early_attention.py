"""A self-attention head that changes its projections before it is done with them.

Symptom: the loss falls, then stalls; with a smaller learning rate everything looks better.
Repair: compute dx from the old projections, then update.
"""
import numpy as np

CODES = ("updates-weights-early",)
PLACES = ("x", "Wq", "Wk", "Wv", "dx", "")


def softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


class SelfAttention:
    def __init__(self, d_model, d_head, rng):
        scale = d_model ** -0.5
        self.Wq = rng.normal(scale=scale, size=(d_model, d_head))
        self.Wk = rng.normal(scale=scale, size=(d_model, d_head))
        self.Wv = rng.normal(scale=scale, size=(d_model, d_head))
        self.factor = d_head ** -0.5

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.p = softmax(self.factor * self.q @ self.k.transpose(0, 2, 1))
        return self.p @ self.v

    def backward(self, dy, learning_rate):
        dv = self.p.transpose(0, 2, 1) @ dy
        dp = dy @ self.v.transpose(0, 2, 1)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) * self.factor
        dq = ds @ self.k
        dk = ds.transpose(0, 2, 1) @ self.q

        dWq = np.einsum("btd,bth->dh", self.x, dq)
        dWk = np.einsum("btd,bth->dh", self.x, dk)
        dWv = np.einsum("btd,bth->dh", self.x, dv)
        self.Wq -= learning_rate * dWq  # FAULT
        self.Wk -= learning_rate * dWk  # FAULT
        self.Wv -= learning_rate * dWv  # FAULT
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class SelfAttentionRepaired:
    def __init__(self, d_model, d_head, rng):
        scale = d_model ** -0.5
        self.Wq = rng.normal(scale=scale, size=(d_model, d_head))
        self.Wk = rng.normal(scale=scale, size=(d_model, d_head))
        self.Wv = rng.normal(scale=scale, size=(d_model, d_head))
        self.factor = d_head ** -0.5

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.p = softmax(self.factor * self.q @ self.k.transpose(0, 2, 1))
        return self.p @ self.v

    def backward(self, dy, learning_rate):
        dv = self.p.transpose(0, 2, 1) @ dy
        dp = dy @ self.v.transpose(0, 2, 1)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) * self.factor
        dq = ds @ self.k
        dk = ds.transpose(0, 2, 1) @ self.q

        dWq = np.einsum("btd,bth->dh", self.x, dq)
        dWk = np.einsum("btd,bth->dh", self.x, dk)
        dWv = np.einsum("btd,bth->dh", self.x, dv)
        dx = dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T
        self.Wq -= learning_rate * dWq
        self.Wk -= learning_rate * dWk
        self.Wv -= learning_rate * dWv
        return dx


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": SelfAttention(6, 4, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": SelfAttentionRepaired(6, 4, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}
