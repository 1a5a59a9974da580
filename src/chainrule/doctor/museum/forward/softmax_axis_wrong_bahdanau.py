"""Additive (Bahdanau) attention over encoder annotations.

Symptom: attention plots are constant, the attention's own weights never move.
Repair: scores have shape (batch, time, 1): normalise over time, softmax(e, axis=1).
"""
import numpy as np

CODES = ("softmax-axis-wrong", "input-unused")
PLACES = ("state", "annotations", "W1", "W2", "V", "")


def softmax(z, axis=-1):
    z = z - z.max(axis=axis, keepdims=True)
    ez = np.exp(z)
    return ez / ez.sum(axis=axis, keepdims=True)


class BahdanauAttention:
    def __init__(self, units=6, enc_dim=5, dec_dim=3):
        rng = np.random.default_rng(13)
        self.W1 = rng.normal(0, 0.5, (enc_dim, units))
        self.W2 = rng.normal(0, 0.5, (dec_dim, units))
        self.V = rng.normal(0, 0.8, (units, 1))
        self.weights = None

    def forward(self, state, annotations):
        # state (B, dec_dim), annotations (B, T, enc_dim)
        self.state, self.annotations = state, annotations
        self.hid = np.tanh(annotations @ self.W1 + (state @ self.W2)[:, None, :])
        score = self.hid @ self.V
        self.weights = softmax(score)        # FAULT
        return (self.weights * annotations).sum(axis=1)

    def backward(self, dcontext):
        a, ann = self.weights, self.annotations
        dann = a * dcontext[:, None, :]
        da = (ann * dcontext[:, None, :]).sum(axis=-1, keepdims=True)
        dscore = a * (da - (a * da).sum(axis=-1, keepdims=True))
        self.dV = np.einsum("btu,bto->uo", self.hid, dscore)
        dpre = (dscore @ self.V.T) * (1 - self.hid ** 2)
        self.dW1 = np.einsum("bte,btu->eu", ann, dpre)
        self.dW2 = self.state.T @ dpre.sum(axis=1)
        return dpre.sum(axis=1) @ self.W2.T, dann + dpre @ self.W1.T


class BahdanauAttentionRepaired:
    def __init__(self, units=6, enc_dim=5, dec_dim=3):
        rng = np.random.default_rng(13)
        self.W1 = rng.normal(0, 0.5, (enc_dim, units))
        self.W2 = rng.normal(0, 0.5, (dec_dim, units))
        self.V = rng.normal(0, 0.8, (units, 1))
        self.weights = None

    def forward(self, state, annotations):
        # state (B, dec_dim), annotations (B, T, enc_dim)
        self.state, self.annotations = state, annotations
        self.hid = np.tanh(annotations @ self.W1 + (state @ self.W2)[:, None, :])
        score = self.hid @ self.V
        self.weights = softmax(score, axis=1)
        return (self.weights * annotations).sum(axis=1)

    def backward(self, dcontext):
        a, ann = self.weights, self.annotations
        dann = a * dcontext[:, None, :]
        da = (ann * dcontext[:, None, :]).sum(axis=-1, keepdims=True)
        dscore = a * (da - (a * da).sum(axis=1, keepdims=True))
        self.dV = np.einsum("btu,bto->uo", self.hid, dscore)
        dpre = (dscore @ self.V.T) * (1 - self.hid ** 2)
        self.dW1 = np.einsum("bte,btu->eu", ann, dpre)
        self.dW2 = self.state.T @ dpre.sum(axis=1)
        return dpre.sum(axis=1) @ self.W2.T, dann + dpre @ self.W1.T


def _inputs():
    rng = np.random.default_rng(1)
    return rng.normal(size=(2, 3)), rng.normal(size=(2, 7, 5))


def faulty():
    return {"subject": BahdanauAttention(), "inputs": _inputs()}


def correct():
    return {"subject": BahdanauAttentionRepaired(), "inputs": _inputs()}
