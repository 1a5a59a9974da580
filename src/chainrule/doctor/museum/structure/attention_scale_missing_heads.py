"""A multi-head attention with fused projections that forgets the temperature in backward.

Symptom: queries and keys learn too fast.
Repair: divide the score gradient by the same root.
"""
import numpy as np

CODES = ("attention-scale-missing",)
PLACES = ("Wq", "Wk", "x", "wqkv", "")


class MultiHead:
    def __init__(self, d, heads, rng):
        self.h, self.dk = heads, d // heads
        self.wqkv = rng.normal(size=(d, 3, heads, self.dk)) * 0.5
        self.wo = rng.normal(size=(heads, self.dk, d)) * 0.5

    def forward(self, x):
        q, k, v = np.einsum("btd,dphk->pbhtk", x, self.wqkv)
        s = np.einsum("bhik,bhjk->bhij", q, k) * self.dk ** -0.5
        p = np.exp(s - s.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        o = np.einsum("bhij,bhjk->bhik", p, v)
        self.tape = [x, q, k, v, p, o]
        return np.einsum("bhik,hkd->bid", o, self.wo)

    def backward(self, dy):
        x, q, k, v, p, o = self.tape
        self.gwo = np.einsum("bhik,bid->hkd", o, dy)
        do = np.einsum("bid,hkd->bhik", dy, self.wo)
        dv = np.einsum("bhij,bhik->bhjk", p, do)
        dp = np.einsum("bhik,bhjk->bhij", do, v)
        ds = p * (dp - (dp * p).sum(-1, keepdims=True))  # FAULT
        dq = np.einsum("bhij,bhjk->bhik", ds, k)
        dk = np.einsum("bhij,bhik->bhjk", ds, q)
        dqkv = np.stack([dq, dk, dv])
        self.gwqkv = np.einsum("btd,pbhtk->dphk", x, dqkv)
        return np.einsum("pbhtk,dphk->btd", dqkv, self.wqkv)


class MultiHeadRepaired:
    def __init__(self, d, heads, rng):
        self.h, self.dk = heads, d // heads
        self.wqkv = rng.normal(size=(d, 3, heads, self.dk)) * 0.5
        self.wo = rng.normal(size=(heads, self.dk, d)) * 0.5

    def forward(self, x):
        q, k, v = np.einsum("btd,dphk->pbhtk", x, self.wqkv)
        s = np.einsum("bhik,bhjk->bhij", q, k) * self.dk ** -0.5
        p = np.exp(s - s.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        o = np.einsum("bhij,bhjk->bhik", p, v)
        self.tape = [x, q, k, v, p, o]
        return np.einsum("bhik,hkd->bid", o, self.wo)

    def backward(self, dy):
        x, q, k, v, p, o = self.tape
        self.gwo = np.einsum("bhik,bid->hkd", o, dy)
        do = np.einsum("bid,hkd->bhik", dy, self.wo)
        dv = np.einsum("bhij,bhik->bhjk", p, do)
        dp = np.einsum("bhik,bhjk->bhij", do, v)
        ds = p * (dp - (dp * p).sum(-1, keepdims=True)) * self.dk ** -0.5
        dq = np.einsum("bhij,bhjk->bhik", ds, k)
        dk = np.einsum("bhij,bhik->bhjk", ds, q)
        dqkv = np.stack([dq, dk, dv])
        self.gwqkv = np.einsum("btd,pbhtk->dphk", x, dqkv)
        return np.einsum("pbhtk,dphk->btd", dqkv, self.wqkv)


def faulty():
    rng = np.random.default_rng(50)
    return {"subject": MultiHead(6, 2, rng), "inputs": (rng.normal(size=(2, 4, 6)),)}


def correct():
    rng = np.random.default_rng(50)
    return {"subject": MultiHeadRepaired(6, 2, rng), "inputs": (rng.normal(size=(2, 4, 6)),)}
