"""An encoder-decoder attention that takes its queries from the encoder.

Symptom: the output has the source's length.
Repair: query with the decoder.
"""
import numpy as np

CODES = ("attention-roles-swapped",)
PLACES = ("", "x", "memory", "cross", "enc_out")


class EncDecAttention:
    def __init__(self, d, k, rng):
        self.p = {n: rng.normal(size=(d, k)) * 0.6 for n in "qkv"}
        self.g = {}

    def forward(self, dec, enc_out):
        a, b = enc_out, dec  # FAULT
        q, k, v = a @ self.p["q"], b @ self.p["k"], b @ self.p["v"]
        s = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
        w = np.exp(s - s.max(-1, keepdims=True))
        w /= w.sum(-1, keepdims=True)
        self.mem = (a, b, q, k, v, w)
        return w @ v

    def backward(self, dy):
        a, b, q, k, v, w = self.mem
        dv = w.swapaxes(1, 2) @ dy
        dw = dy @ v.swapaxes(1, 2)
        ds = w * (dw - (dw * w).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
        dq, dk = ds @ k, ds.swapaxes(1, 2) @ q
        for n, u, du in (("q", a, dq), ("k", b, dk), ("v", b, dv)):
            self.g[n] = np.einsum("btd,btk->dk", u, du)
        da = dq @ self.p["q"].T
        db = dk @ self.p["k"].T + dv @ self.p["v"].T
        return db, da  # FAULT


class EncDecAttentionRepaired:
    def __init__(self, d, k, rng):
        self.p = {n: rng.normal(size=(d, k)) * 0.6 for n in "qkv"}
        self.g = {}

    def forward(self, dec, enc_out):
        a, b = dec, enc_out
        q, k, v = a @ self.p["q"], b @ self.p["k"], b @ self.p["v"]
        s = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
        w = np.exp(s - s.max(-1, keepdims=True))
        w /= w.sum(-1, keepdims=True)
        self.mem = (a, b, q, k, v, w)
        return w @ v

    def backward(self, dy):
        a, b, q, k, v, w = self.mem
        dv = w.swapaxes(1, 2) @ dy
        dw = dy @ v.swapaxes(1, 2)
        ds = w * (dw - (dw * w).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
        dq, dk = ds @ k, ds.swapaxes(1, 2) @ q
        for n, u, du in (("q", a, dq), ("k", b, dk), ("v", b, dv)):
            self.g[n] = np.einsum("btd,btk->dk", u, du)
        da = dq @ self.p["q"].T
        db = dk @ self.p["k"].T + dv @ self.p["v"].T
        return da, db


def faulty():
    rng = np.random.default_rng(77)
    return {"subject": EncDecAttention(4, 3, rng),
            "inputs": (rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4)))}


def correct():
    rng = np.random.default_rng(77)
    return {"subject": EncDecAttentionRepaired(4, 3, rng),
            "inputs": (rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4)))}
