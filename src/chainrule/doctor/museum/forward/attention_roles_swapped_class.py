"""Cross-attention that asks with the encoder's states.

Symptom: the output is as long as the source; where both lengths agree the model translates badly.
Repair: query from the decoder, key and value from the memory.
"""
import numpy as np

CODES = ("attention-roles-swapped",)
PLACES = ("memory", "x", "")


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class CrossAttention:
    """The decoder's attention to the encoder.

    x: (batch, target length, d_model), memory: (batch, source length, d_memory).
    """

    def __init__(self, d_model, d_memory, d_head, rng):
        self.Wq = rng.normal(size=(d_memory, d_head)) / np.sqrt(d_memory)
        self.Wk = rng.normal(size=(d_model, d_head)) / np.sqrt(d_model)
        self.Wv = rng.normal(size=(d_model, d_head)) / np.sqrt(d_model)
        self.scale = 1.0 / np.sqrt(d_head)

    def forward(self, x, memory):
        self.x, self.memory = x, memory
        self.q = memory @ self.Wq  # FAULT
        self.k = x @ self.Wk  # FAULT
        self.v = x @ self.Wv  # FAULT
        self.p = softmax(self.q @ self.k.transpose(0, 2, 1) * self.scale)
        return self.p @ self.v

    def backward(self, dy):
        dp = dy @ self.v.transpose(0, 2, 1)
        dv = self.p.transpose(0, 2, 1) @ dy
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) * self.scale
        dq = ds @ self.k
        dk = ds.transpose(0, 2, 1) @ self.q
        self.dWq = np.einsum("btd,bth->dh", self.memory, dq)
        self.dWk = np.einsum("btd,bth->dh", self.x, dk)
        self.dWv = np.einsum("btd,bth->dh", self.x, dv)
        dx = dk @ self.Wk.T + dv @ self.Wv.T
        dmemory = dq @ self.Wq.T
        return dx, dmemory


class CrossAttentionRepaired:
    """The decoder's attention to the encoder.

    x: (batch, target length, d_model), memory: (batch, source length, d_memory).
    """

    def __init__(self, d_model, d_memory, d_head, rng):
        self.Wq = rng.normal(size=(d_model, d_head)) / np.sqrt(d_model)
        self.Wk = rng.normal(size=(d_memory, d_head)) / np.sqrt(d_memory)
        self.Wv = rng.normal(size=(d_memory, d_head)) / np.sqrt(d_memory)
        self.scale = 1.0 / np.sqrt(d_head)

    def forward(self, x, memory):
        self.x, self.memory = x, memory
        self.q = x @ self.Wq
        self.k = memory @ self.Wk
        self.v = memory @ self.Wv
        self.p = softmax(self.q @ self.k.transpose(0, 2, 1) * self.scale)
        return self.p @ self.v

    def backward(self, dy):
        dp = dy @ self.v.transpose(0, 2, 1)
        dv = self.p.transpose(0, 2, 1) @ dy
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True)) * self.scale
        dq = ds @ self.k
        dk = ds.transpose(0, 2, 1) @ self.q
        self.dWq = np.einsum("btd,bth->dh", self.x, dq)
        self.dWk = np.einsum("btd,bth->dh", self.memory, dk)
        self.dWv = np.einsum("btd,bth->dh", self.memory, dv)
        dx = dq @ self.Wq.T
        dmemory = dk @ self.Wk.T + dv @ self.Wv.T
        return dx, dmemory


def faulty():
    rng = np.random.default_rng(30)
    x, memory = rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 6, 4))
    return {"subject": CrossAttention(5, 4, 3, rng), "inputs": (x, memory)}


def correct():
    rng = np.random.default_rng(30)
    x, memory = rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 6, 4))
    return {"subject": CrossAttentionRepaired(5, 4, 3, rng), "inputs": (x, memory)}
