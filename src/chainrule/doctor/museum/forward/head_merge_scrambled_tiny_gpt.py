"""tinyGPT body: pre-RMSNorm causal attention blocks.

Symptom: training loss suspiciously low, samples are garbage.
Repair: bring the head axis back next to the head dimension (transpose 0,2,1,3) before flattening.
"""
import numpy as np

CODES = ("head-merge-scrambled", "causal-leak")
PLACES = ("blocks.0", "blocks.1", "x", "")


class RMSNorm:
    def __init__(self, n, rng):
        self.gain, self.eps = 1 + 0.2 * rng.standard_normal(n), 1e-5

    def fprop(self, x):
        self.x = x
        self.r = 1 / np.sqrt((x ** 2).mean(-1, keepdims=True) + self.eps)
        return x * self.r * self.gain

    def bprop(self, dy):
        x, r = self.x, self.r
        self.grad_gain = (dy * x * r).sum(axis=(0, 1))
        u = dy * self.gain
        return u * r - x * r ** 3 * (u * x).mean(-1, keepdims=True)


class CausalBlock:
    def __init__(self, n_embd, n_head, rng):
        self.n_head = n_head
        self.norm = RMSNorm(n_embd, rng)
        self.c_attn = rng.standard_normal((n_embd, 3 * n_embd)) * 0.4
        self.c_proj = rng.standard_normal((n_embd, n_embd)) * 0.4

    def fprop(self, x):
        B, T, C = x.shape
        H = self.n_head
        u = self.norm.fprop(x)
        q, k, v = (m.reshape(B, T, H, C // H).transpose(0, 2, 1, 3) for m in np.split(u @ self.c_attn, 3, axis=-1))
        att = q @ k.swapaxes(-1, -2) / np.sqrt(C // H)
        att = np.where(np.tril(np.ones((T, T), bool)), att, -np.inf)
        att = np.exp(att - att.max(-1, keepdims=True))
        att /= att.sum(-1, keepdims=True)
        y = (att @ v).reshape(B, T, C)        # FAULT
        self.ctx = (u, q, k, v, att, y)
        return x + y @ self.c_proj

    def bprop(self, dout):
        u, q, k, v, att, y = self.ctx
        B, T, C = u.shape
        H = self.n_head
        self.grad_c_proj = np.einsum("btc,btd->cd", y, dout)
        dy = (dout @ self.c_proj.T).reshape(B, H, T, C // H)
        datt = dy @ v.swapaxes(-1, -2)
        dv = att.swapaxes(-1, -2) @ dy
        ds = att * (datt - (datt * att).sum(-1, keepdims=True)) / np.sqrt(C // H)
        dq, dk = ds @ k, ds.swapaxes(-1, -2) @ q
        dqkv = np.concatenate([d.transpose(0, 2, 1, 3).reshape(B, T, C) for d in (dq, dk, dv)], axis=-1)
        self.grad_c_attn = np.einsum("btc,btd->cd", u, dqkv)
        return dout + self.norm.bprop(dqkv @ self.c_attn.T)


class TinyGPT:
    def __init__(self, n_layer=2, n_head=2, n_embd=8, seed=0):
        rng = np.random.default_rng(seed)
        self.blocks = [CausalBlock(n_embd, n_head, rng) for _ in range(n_layer)]

    def fprop(self, x):
        for blk in self.blocks:
            x = blk.fprop(x)
        return x

    def bprop(self, dout):
        for blk in reversed(self.blocks):
            dout = blk.bprop(dout)
        return dout


class RMSNormRepaired:
    def __init__(self, n, rng):
        self.gain, self.eps = 1 + 0.2 * rng.standard_normal(n), 1e-5

    def fprop(self, x):
        self.x = x
        self.r = 1 / np.sqrt((x ** 2).mean(-1, keepdims=True) + self.eps)
        return x * self.r * self.gain

    def bprop(self, dy):
        x, r = self.x, self.r
        self.grad_gain = (dy * x * r).sum(axis=(0, 1))
        u = dy * self.gain
        return u * r - x * r ** 3 * (u * x).mean(-1, keepdims=True)


class CausalBlockRepaired:
    def __init__(self, n_embd, n_head, rng):
        self.n_head = n_head
        self.norm = RMSNormRepaired(n_embd, rng)
        self.c_attn = rng.standard_normal((n_embd, 3 * n_embd)) * 0.4
        self.c_proj = rng.standard_normal((n_embd, n_embd)) * 0.4

    def fprop(self, x):
        B, T, C = x.shape
        H = self.n_head
        u = self.norm.fprop(x)
        q, k, v = (m.reshape(B, T, H, C // H).transpose(0, 2, 1, 3) for m in np.split(u @ self.c_attn, 3, axis=-1))
        att = q @ k.swapaxes(-1, -2) / np.sqrt(C // H)
        att = np.where(np.tril(np.ones((T, T), bool)), att, -np.inf)
        att = np.exp(att - att.max(-1, keepdims=True))
        att /= att.sum(-1, keepdims=True)
        y = (att @ v).transpose(0, 2, 1, 3).reshape(B, T, C)
        self.ctx = (u, q, k, v, att, y)
        return x + y @ self.c_proj

    def bprop(self, dout):
        u, q, k, v, att, y = self.ctx
        B, T, C = u.shape
        H = self.n_head
        self.grad_c_proj = np.einsum("btc,btd->cd", y, dout)
        dy = (dout @ self.c_proj.T).reshape(B, T, H, C // H).transpose(0, 2, 1, 3)
        datt = dy @ v.swapaxes(-1, -2)
        dv = att.swapaxes(-1, -2) @ dy
        ds = att * (datt - (datt * att).sum(-1, keepdims=True)) / np.sqrt(C // H)
        dq, dk = ds @ k, ds.swapaxes(-1, -2) @ q
        dqkv = np.concatenate([d.transpose(0, 2, 1, 3).reshape(B, T, C) for d in (dq, dk, dv)], axis=-1)
        self.grad_c_attn = np.einsum("btc,btd->cd", u, dqkv)
        return dout + self.norm.bprop(dqkv @ self.c_attn.T)


class TinyGPTRepaired:
    def __init__(self, n_layer=2, n_head=2, n_embd=8, seed=0):
        rng = np.random.default_rng(seed)
        self.blocks = [CausalBlockRepaired(n_embd, n_head, rng) for _ in range(n_layer)]

    def fprop(self, x):
        for blk in self.blocks:
            x = blk.fprop(x)
        return x

    def bprop(self, dout):
        for blk in reversed(self.blocks):
            dout = blk.bprop(dout)
        return dout


def _x():
    return np.random.default_rng(9).standard_normal((3, 5, 8))


def faulty():
    return {"subject": TinyGPT(), "inputs": (_x(),)}


def correct():
    return {"subject": TinyGPTRepaired(), "inputs": (_x(),)}
