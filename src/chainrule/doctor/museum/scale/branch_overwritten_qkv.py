"""A self-attention that overwrites its input's gradient by the values' path.

Symptom: layers below learn from the values alone.
Repair: add the three paths.
"""
import numpy as np

CODES = ("branch-overwritten",)
PLACES = ("x", "")


class SelfAttn:
    def __init__(self, d, k, rng):
        self.w = {n: rng.normal(size=(d, k)) for n in ("query", "key", "value")}
        self.dw = {}

    def forward(self, x):
        q, k, v = (x @ self.w[n] for n in ("query", "key", "value"))
        s = q @ np.swapaxes(k, -1, -2) / np.sqrt(k.shape[-1])
        p = np.exp(s - s.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        self.memo = x, q, k, v, p
        return p @ v

    def backward(self, dy):
        x, q, k, v, p = self.memo
        dp = dy @ np.swapaxes(v, -1, -2)
        ds = p * (dp - np.einsum("bij,bij->bi", dp, p)[..., None]) / np.sqrt(k.shape[-1])
        d = {"query": ds @ k, "key": np.swapaxes(ds, -1, -2) @ q, "value": np.swapaxes(p, -1, -2) @ dy}
        dx = np.zeros_like(x)
        for name, part in d.items():
            self.dw[name] = np.tensordot(x, part, axes=([0, 1], [0, 1]))
            dx = part @ self.w[name].T  # FAULT
        return dx


class SelfAttnRepaired:
    def __init__(self, d, k, rng):
        self.w = {n: rng.normal(size=(d, k)) for n in ("query", "key", "value")}
        self.dw = {}

    def forward(self, x):
        q, k, v = (x @ self.w[n] for n in ("query", "key", "value"))
        s = q @ np.swapaxes(k, -1, -2) / np.sqrt(k.shape[-1])
        p = np.exp(s - s.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        self.memo = x, q, k, v, p
        return p @ v

    def backward(self, dy):
        x, q, k, v, p = self.memo
        dp = dy @ np.swapaxes(v, -1, -2)
        ds = p * (dp - np.einsum("bij,bij->bi", dp, p)[..., None]) / np.sqrt(k.shape[-1])
        d = {"query": ds @ k, "key": np.swapaxes(ds, -1, -2) @ q, "value": np.swapaxes(p, -1, -2) @ dy}
        dx = np.zeros_like(x)
        for name, part in d.items():
            self.dw[name] = np.tensordot(x, part, axes=([0, 1], [0, 1]))
            dx += part @ self.w[name].T
        return dx


def faulty():
    rng = np.random.default_rng(134)
    return {"subject": SelfAttn(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}


def correct():
    rng = np.random.default_rng(134)
    return {"subject": SelfAttnRepaired(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}
