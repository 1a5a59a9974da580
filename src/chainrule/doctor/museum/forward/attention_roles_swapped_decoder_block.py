"""Transformer decoder block. Source and target are both padded to max_len, so shapes never complain.

Symptom: teacher-forced loss fine, BLEU near zero; the encoder's representation hardly matters.
Repair: cross attention takes its queries from the decoder state and keys/values from the encoder memory.
"""
import numpy as np

CODES = ("attention-roles-swapped", "causal-leak")
PLACES = ("cross_attn", "x", "memory", "")


class Attention:
    def __init__(self, d, rng):
        self.params = {n: rng.normal(scale=0.5, size=(d, d)) for n in ("Wq", "Wk", "Wv", "Wo")}
        self.grads = {}

    def forward(self, q_in, kv_in, causal=False):
        P = self.params
        q, k, v = q_in @ P["Wq"], kv_in @ P["Wk"], kv_in @ P["Wv"]
        s = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
        if causal:
            s = np.where(np.tri(s.shape[1], s.shape[2], dtype=bool), s, -1e30)
        a = np.exp(s - s.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        c = a @ v
        self.ctx = q_in, kv_in, q, k, v, a, c
        return c @ P["Wo"]

    def backward(self, dout):
        q_in, kv_in, q, k, v, a, c = self.ctx
        P, G = self.params, self.grads
        mm = lambda l, r: np.einsum("bti,btj->ij", l, r)
        G["Wo"] = mm(c, dout)
        dc = dout @ P["Wo"].T
        da, dv = dc @ v.swapaxes(1, 2), a.swapaxes(1, 2) @ dc
        ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
        dq, dk = ds @ k, ds.swapaxes(1, 2) @ q
        G["Wq"], G["Wk"], G["Wv"] = mm(q_in, dq), mm(kv_in, dk), mm(kv_in, dv)
        return dq @ P["Wq"].T, dk @ P["Wk"].T + dv @ P["Wv"].T


class FeedForward:
    def __init__(self, d, hidden, rng):
        self.params = {"W1": rng.normal(scale=0.5, size=(d, hidden)), "W2": rng.normal(scale=0.5, size=(hidden, d))}
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.params["W1"])
        return self.h @ self.params["W2"]

    def backward(self, dout):
        dh = (dout @ self.params["W2"].T) * (1 - self.h ** 2)
        self.grads["W2"] = np.einsum("bti,btj->ij", self.h, dout)
        self.grads["W1"] = np.einsum("bti,btj->ij", self.x, dh)
        return dh @ self.params["W1"].T


class DecoderBlock:
    def __init__(self, d=6, hidden=7, seed=4):
        rng = np.random.default_rng(seed)
        self.self_attn, self.cross_attn, self.ffn = Attention(d, rng), Attention(d, rng), FeedForward(d, hidden, rng)

    def forward(self, x, memory):
        h = x + self.self_attn.forward(x, x, causal=True)
        h = h + self.cross_attn.forward(memory, h)        # FAULT
        return h + self.ffn.forward(h)

    def backward(self, dout):
        dh = dout + self.ffn.backward(dout)
        d_memory, d_state = self.cross_attn.backward(dh)
        dh = dh + d_state
        dq, dkv = self.self_attn.backward(dh)
        return dh + dq + dkv, d_memory


class AttentionRepaired:
    def __init__(self, d, rng):
        self.params = {n: rng.normal(scale=0.5, size=(d, d)) for n in ("Wq", "Wk", "Wv", "Wo")}
        self.grads = {}

    def forward(self, q_in, kv_in, causal=False):
        P = self.params
        q, k, v = q_in @ P["Wq"], kv_in @ P["Wk"], kv_in @ P["Wv"]
        s = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
        if causal:
            s = np.where(np.tri(s.shape[1], s.shape[2], dtype=bool), s, -1e30)
        a = np.exp(s - s.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        c = a @ v
        self.ctx = q_in, kv_in, q, k, v, a, c
        return c @ P["Wo"]

    def backward(self, dout):
        q_in, kv_in, q, k, v, a, c = self.ctx
        P, G = self.params, self.grads
        mm = lambda l, r: np.einsum("bti,btj->ij", l, r)
        G["Wo"] = mm(c, dout)
        dc = dout @ P["Wo"].T
        da, dv = dc @ v.swapaxes(1, 2), a.swapaxes(1, 2) @ dc
        ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
        dq, dk = ds @ k, ds.swapaxes(1, 2) @ q
        G["Wq"], G["Wk"], G["Wv"] = mm(q_in, dq), mm(kv_in, dk), mm(kv_in, dv)
        return dq @ P["Wq"].T, dk @ P["Wk"].T + dv @ P["Wv"].T


class FeedForwardRepaired:
    def __init__(self, d, hidden, rng):
        self.params = {"W1": rng.normal(scale=0.5, size=(d, hidden)), "W2": rng.normal(scale=0.5, size=(hidden, d))}
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.params["W1"])
        return self.h @ self.params["W2"]

    def backward(self, dout):
        dh = (dout @ self.params["W2"].T) * (1 - self.h ** 2)
        self.grads["W2"] = np.einsum("bti,btj->ij", self.h, dout)
        self.grads["W1"] = np.einsum("bti,btj->ij", self.x, dh)
        return dh @ self.params["W1"].T


class DecoderBlockRepaired:
    def __init__(self, d=6, hidden=7, seed=4):
        rng = np.random.default_rng(seed)
        self.self_attn, self.cross_attn, self.ffn = AttentionRepaired(d, rng), AttentionRepaired(d, rng), FeedForwardRepaired(d, hidden, rng)

    def forward(self, x, memory):
        h = x + self.self_attn.forward(x, x, causal=True)
        h = h + self.cross_attn.forward(h, memory)
        return h + self.ffn.forward(h)

    def backward(self, dout):
        dh = dout + self.ffn.backward(dout)
        d_state, d_memory = self.cross_attn.backward(dh)
        dh = dh + d_state
        dq, dkv = self.self_attn.backward(dh)
        return dh + dq + dkv, d_memory


def _inputs(max_len=5):
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, max_len, 6)), rng.normal(size=(3, max_len, 6))


def faulty():
    return {"subject": DecoderBlock(), "inputs": _inputs()}


def correct():
    return {"subject": DecoderBlockRepaired(), "inputs": _inputs()}
