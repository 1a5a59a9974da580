"""Text classifier: one self-attention layer, masked mean pooling, linear output.

Symptom: predictions for the same sentence change with the amount of padding behind it.
Repair: the padding mask belongs on the key axis of the scores (last), not on the query axis.
"""
import numpy as np

CODES = ("padding-leak",)
PLACES = ("x", "scores", "")


class AttentionClassifier:
    """x (batch, length, dim) embedded tokens; mask (batch, length), 1 for a real token and 0 for padding"""

    def __init__(self, dim=5, inner=4, n_classes=3):
        rs = np.random.RandomState(21)
        self.wq, self.wk, self.wv = [rs.randn(dim, inner) * 0.6 for _ in "qkv"]
        self.wc = rs.randn(inner, n_classes) * 0.6
        self.bc = rs.randn(n_classes) * 0.1
        self.cache = {}
        self.gradients = {}

    def forward(self, x, mask):
        mask = np.asarray(mask, dtype=bool)
        q, k, v = x @ self.wq, x @ self.wk, x @ self.wv
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        scores = np.where(mask[:, :, None], scores, -1e9)        # FAULT
        e = np.exp(scores - scores.max(-1, keepdims=True))
        att = e / e.sum(-1, keepdims=True)
        out = att @ v
        m = mask[:, :, None] / mask.sum(1)[:, None, None]
        pooled = (out * m).sum(1)
        self.cache = dict(x=x, q=q, k=k, v=v, att=att, m=m, pooled=pooled)
        return pooled @ self.wc + self.bc

    def backward(self, dlogits):
        c = self.cache
        self.gradients["wc"] = c["pooled"].T @ dlogits
        self.gradients["bc"] = dlogits.sum(0)
        dout = (dlogits @ self.wc.T)[:, None, :] * c["m"]
        datt = dout @ c["v"].transpose(0, 2, 1)
        dv = c["att"].transpose(0, 2, 1) @ dout
        ds = c["att"] * (datt - (datt * c["att"]).sum(-1, keepdims=True)) / np.sqrt(c["q"].shape[-1])
        dq, dk = ds @ c["k"], ds.transpose(0, 2, 1) @ c["q"]
        flat = c["x"].reshape(-1, c["x"].shape[-1])
        for n, d in zip(("wq", "wk", "wv"), (dq, dk, dv)):
            self.gradients[n] = flat.T @ d.reshape(-1, d.shape[-1])
        return dq @ self.wq.T + dk @ self.wk.T + dv @ self.wv.T


class AttentionClassifierRepaired:
    """x (batch, length, dim) embedded tokens; mask (batch, length), 1 for a real token and 0 for padding"""

    def __init__(self, dim=5, inner=4, n_classes=3):
        rs = np.random.RandomState(21)
        self.wq, self.wk, self.wv = [rs.randn(dim, inner) * 0.6 for _ in "qkv"]
        self.wc = rs.randn(inner, n_classes) * 0.6
        self.bc = rs.randn(n_classes) * 0.1
        self.cache = {}
        self.gradients = {}

    def forward(self, x, mask):
        mask = np.asarray(mask, dtype=bool)
        q, k, v = x @ self.wq, x @ self.wk, x @ self.wv
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        scores = np.where(mask[:, None, :], scores, -1e9)
        e = np.exp(scores - scores.max(-1, keepdims=True))
        att = e / e.sum(-1, keepdims=True)
        out = att @ v
        m = mask[:, :, None] / mask.sum(1)[:, None, None]
        pooled = (out * m).sum(1)
        self.cache = dict(x=x, q=q, k=k, v=v, att=att, m=m, pooled=pooled)
        return pooled @ self.wc + self.bc

    def backward(self, dlogits):
        c = self.cache
        self.gradients["wc"] = c["pooled"].T @ dlogits
        self.gradients["bc"] = dlogits.sum(0)
        dout = (dlogits @ self.wc.T)[:, None, :] * c["m"]
        datt = dout @ c["v"].transpose(0, 2, 1)
        dv = c["att"].transpose(0, 2, 1) @ dout
        ds = c["att"] * (datt - (datt * c["att"]).sum(-1, keepdims=True)) / np.sqrt(c["q"].shape[-1])
        dq, dk = ds @ c["k"], ds.transpose(0, 2, 1) @ c["q"]
        flat = c["x"].reshape(-1, c["x"].shape[-1])
        for n, d in zip(("wq", "wk", "wv"), (dq, dk, dv)):
            self.gradients[n] = flat.T @ d.reshape(-1, d.shape[-1])
        return dq @ self.wq.T + dk @ self.wk.T + dv @ self.wv.T


MASK = np.array([[1, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0, 0]])


def _x():
    return np.random.RandomState(4).randn(4, 7, 5)


def faulty():
    return {"subject": AttentionClassifier(), "inputs": (_x(),), "forward_kwargs": {"mask": MASK}}


def correct():
    return {"subject": AttentionClassifierRepaired(), "inputs": (_x(),), "forward_kwargs": {"mask": MASK}}
