"""Single-head self-attention that sends its input gradient back projection by projection.

Symptom: the head itself learns; the embedding below sees only what goes through the values.
Repair: the input feeds queries, keys and values.
"""
import numpy as np

CODES = ("branch-overwritten",)
PLACES = ("x", "")


class SelfAttentionHead:
    def __init__(self, d_model, d_head, rng):
        self.projections = {}
        for name in ("query", "key", "value"):
            self.projections[name] = rng.normal(size=(d_model, d_head)) / np.sqrt(d_model)
        self.scale = 1.0 / np.sqrt(d_head)

    def forward(self, x):
        self.x = x
        self.q = x @ self.projections["query"]
        self.k = x @ self.projections["key"]
        self.v = x @ self.projections["value"]
        s = self.q @ self.k.transpose(0, 2, 1) * self.scale
        s = np.exp(s - s.max(axis=2, keepdims=True))
        self.a = s / s.sum(axis=2, keepdims=True)
        return self.a @ self.v

    def backward(self, dout, learning_rate):
        da = dout @ self.v.transpose(0, 2, 1)
        ds = self.a * (da - (da * self.a).sum(axis=2, keepdims=True)) * self.scale
        upstream = {
            "query": ds @ self.k,
            "key": ds.transpose(0, 2, 1) @ self.q,
            "value": self.a.transpose(0, 2, 1) @ dout,
        }
        for name, d in upstream.items():
            dx = d @ self.projections[name].T  # FAULT
            step = np.tensordot(self.x, d, axes=([0, 1], [0, 1]))
            self.projections[name] -= learning_rate * step
        return dx


class SelfAttentionHeadRepaired:
    def __init__(self, d_model, d_head, rng):
        self.projections = {}
        for name in ("query", "key", "value"):
            self.projections[name] = rng.normal(size=(d_model, d_head)) / np.sqrt(d_model)
        self.scale = 1.0 / np.sqrt(d_head)

    def forward(self, x):
        self.x = x
        self.q = x @ self.projections["query"]
        self.k = x @ self.projections["key"]
        self.v = x @ self.projections["value"]
        s = self.q @ self.k.transpose(0, 2, 1) * self.scale
        s = np.exp(s - s.max(axis=2, keepdims=True))
        self.a = s / s.sum(axis=2, keepdims=True)
        return self.a @ self.v

    def backward(self, dout, learning_rate):
        da = dout @ self.v.transpose(0, 2, 1)
        ds = self.a * (da - (da * self.a).sum(axis=2, keepdims=True)) * self.scale
        upstream = {
            "query": ds @ self.k,
            "key": ds.transpose(0, 2, 1) @ self.q,
            "value": self.a.transpose(0, 2, 1) @ dout,
        }
        dx = np.zeros_like(self.x)
        for name, d in upstream.items():
            dx += d @ self.projections[name].T
            step = np.tensordot(self.x, d, axes=([0, 1], [0, 1]))
            self.projections[name] -= learning_rate * step
        return dx


def faulty():
    rng = np.random.default_rng(47)
    return {"subject": SelfAttentionHead(5, 3, rng), "inputs": (rng.normal(size=(2, 4, 5)),)}


def correct():
    rng = np.random.default_rng(47)
    return {"subject": SelfAttentionHeadRepaired(5, 3, rng), "inputs": (rng.normal(size=(2, 4, 5)),)}
