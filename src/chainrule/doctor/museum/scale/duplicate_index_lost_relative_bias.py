"""Attention with a learned relative-position bias (clipped distances).

Symptom: the bias table hardly moves; long distances (clipped, hence shared) learn least.
Repair: np.add.at, because every distance occurs many times in the index matrix.
"""
import numpy as np

CODES = ("duplicate-index-lost",)
PLACES = ("table", "bias_table", "")


class RelPosAttention:
    def __init__(self, max_dist=3):
        self.max_dist = max_dist
        self.bias_table = np.random.RandomState(12).randn(2 * max_dist + 1) * 0.8
        self.bias_table_grad = np.zeros_like(self.bias_table)

    def forward(self, q, k, v):
        T, S = q.shape[1], k.shape[1]
        self.rel = np.clip(np.arange(S)[None, :] - np.arange(T)[:, None], -self.max_dist, self.max_dist) + self.max_dist
        logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1]) + self.bias_table[self.rel]
        w = np.exp(logits - logits.max(-1, keepdims=True))
        w = w / w.sum(-1, keepdims=True)
        self.saved = (q, k, v, w)
        return w @ v

    def backward(self, grad):
        q, k, v, w = self.saved
        dv = w.transpose(0, 2, 1) @ grad
        dw = grad @ v.transpose(0, 2, 1)
        dlogits = w * (dw - (w * dw).sum(-1, keepdims=True))
        self.bias_table_grad = np.zeros_like(self.bias_table)
        self.bias_table_grad[self.rel] += dlogits.sum(axis=0)  # FAULT
        dq = dlogits @ k / np.sqrt(q.shape[-1])
        dk = dlogits.transpose(0, 2, 1) @ q / np.sqrt(q.shape[-1])
        return dq, dk, dv


class RelPosAttentionRepaired:
    def __init__(self, max_dist=3):
        self.max_dist = max_dist
        self.bias_table = np.random.RandomState(12).randn(2 * max_dist + 1) * 0.8
        self.bias_table_grad = np.zeros_like(self.bias_table)

    def forward(self, q, k, v):
        T, S = q.shape[1], k.shape[1]
        self.rel = np.clip(np.arange(S)[None, :] - np.arange(T)[:, None], -self.max_dist, self.max_dist) + self.max_dist
        logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1]) + self.bias_table[self.rel]
        w = np.exp(logits - logits.max(-1, keepdims=True))
        w = w / w.sum(-1, keepdims=True)
        self.saved = (q, k, v, w)
        return w @ v

    def backward(self, grad):
        q, k, v, w = self.saved
        dv = w.transpose(0, 2, 1) @ grad
        dw = grad @ v.transpose(0, 2, 1)
        dlogits = w * (dw - (w * dw).sum(-1, keepdims=True))
        self.bias_table_grad = np.zeros_like(self.bias_table)
        np.add.at(self.bias_table_grad, self.rel, dlogits.sum(axis=0))
        dq = dlogits @ k / np.sqrt(q.shape[-1])
        dk = dlogits.transpose(0, 2, 1) @ q / np.sqrt(q.shape[-1])
        return dq, dk, dv


def _data():
    r = np.random.RandomState(4)
    return {"inputs": (r.randn(2, 6, 4), r.randn(2, 6, 4), r.randn(2, 6, 3))}


def faulty():
    return dict(subject=RelPosAttention(), **_data())


def correct():
    return dict(subject=RelPosAttentionRepaired(), **_data())
