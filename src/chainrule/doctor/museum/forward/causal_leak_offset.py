"""A causal self-attention whose mask starts one diagonal too late.

Symptom: the loss falls far below what any language model reaches, generated text is nonsense.
Repair: hide everything above the main diagonal, k=1.
"""
import numpy as np

CODES = ("causal-leak",)
PLACES = ("x", "")


def softmax(z):
    z = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return z / np.sum(z, axis=-1, keepdims=True)


class CausalSelfAttention:
    """Each position attends to itself and to the positions before it."""

    def __init__(self, d_model, d_head, rng):
        scale = 1.0 / np.sqrt(d_model)
        self.Wq = rng.normal(size=(d_model, d_head)) * scale
        self.Wk = rng.normal(size=(d_model, d_head)) * scale
        self.Wv = rng.normal(size=(d_model, d_head)) * scale
        self.d_head = d_head

    def forward(self, x):
        steps = x.shape[1]
        self.x = x
        self.q = x @ self.Wq
        self.k = x @ self.Wk
        self.v = x @ self.Wv
        scores = self.q @ self.k.transpose(0, 2, 1) / np.sqrt(self.d_head)
        hidden = np.triu(np.ones((steps, steps)), k=2)  # FAULT
        scores = np.where(hidden == 1, -1e9, scores)
        self.weights = softmax(scores)
        return self.weights @ self.v

    def backward(self, dy, learning_rate):
        dv = self.weights.transpose(0, 2, 1) @ dy
        dweights = dy @ self.v.transpose(0, 2, 1)
        inner = np.sum(dweights * self.weights, axis=-1, keepdims=True)
        dscores = self.weights * (dweights - inner) / np.sqrt(self.d_head)
        dq = dscores @ self.k
        dk = dscores.transpose(0, 2, 1) @ self.q

        dx = dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T

        self.Wq -= learning_rate * np.einsum("btd,bth->dh", self.x, dq)
        self.Wk -= learning_rate * np.einsum("btd,bth->dh", self.x, dk)
        self.Wv -= learning_rate * np.einsum("btd,bth->dh", self.x, dv)
        return dx


class CausalSelfAttentionRepaired:
    """Each position attends to itself and to the positions before it."""

    def __init__(self, d_model, d_head, rng):
        scale = 1.0 / np.sqrt(d_model)
        self.Wq = rng.normal(size=(d_model, d_head)) * scale
        self.Wk = rng.normal(size=(d_model, d_head)) * scale
        self.Wv = rng.normal(size=(d_model, d_head)) * scale
        self.d_head = d_head

    def forward(self, x):
        steps = x.shape[1]
        self.x = x
        self.q = x @ self.Wq
        self.k = x @ self.Wk
        self.v = x @ self.Wv
        scores = self.q @ self.k.transpose(0, 2, 1) / np.sqrt(self.d_head)
        hidden = np.triu(np.ones((steps, steps)), k=1)
        scores = np.where(hidden == 1, -1e9, scores)
        self.weights = softmax(scores)
        return self.weights @ self.v

    def backward(self, dy, learning_rate):
        dv = self.weights.transpose(0, 2, 1) @ dy
        dweights = dy @ self.v.transpose(0, 2, 1)
        inner = np.sum(dweights * self.weights, axis=-1, keepdims=True)
        dscores = self.weights * (dweights - inner) / np.sqrt(self.d_head)
        dq = dscores @ self.k
        dk = dscores.transpose(0, 2, 1) @ self.q

        dx = dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T

        self.Wq -= learning_rate * np.einsum("btd,bth->dh", self.x, dq)
        self.Wk -= learning_rate * np.einsum("btd,bth->dh", self.x, dk)
        self.Wv -= learning_rate * np.einsum("btd,bth->dh", self.x, dv)
        return dx


def faulty():
    rng = np.random.default_rng(6)
    return {"subject": CausalSelfAttention(6, 4, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}


def correct():
    rng = np.random.default_rng(6)
    return {"subject": CausalSelfAttentionRepaired(6, 4, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}
