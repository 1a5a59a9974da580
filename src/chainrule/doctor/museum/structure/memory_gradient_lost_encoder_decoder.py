"""Encoder-decoder (sequence to sequence) with attention: one encoder layer, three decoder layers.

Symptom: the encoder learns less, the more decoder layers there are.
Repair: every decoder layer reads the encoder's output; add their gradients up.
"""
import numpy as np

CODES = ("memory-gradient-lost", "branch-overwritten")
PLACES = ("decoder",)


def _softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Attention:
    """single head; queries from `a`, keys and values from `b`"""

    def __init__(self, rng, d):
        self.Wq, self.Wk, self.Wv = (rng.standard_normal((d, d)) * d ** -0.5 for _ in range(3))

    def forward(self, a, b, mask=None):
        self.a, self.b = a, b
        self.Q, self.K, self.V = a @ self.Wq, b @ self.Wk, b @ self.Wv
        S = self.Q @ self.K.transpose(0, 2, 1) / np.sqrt(self.Q.shape[-1])
        if mask is not None:
            S = np.where(mask, S, -1e9)
        self.P = _softmax(S)
        return self.P @ self.V

    def backward(self, d):
        dV = self.P.transpose(0, 2, 1) @ d
        dP = d @ self.V.transpose(0, 2, 1)
        dS = self.P * (dP - (dP * self.P).sum(-1, keepdims=True)) / np.sqrt(self.Q.shape[-1])
        dQ, dK = dS @ self.K, dS.transpose(0, 2, 1) @ self.Q
        self.dWq = np.tensordot(self.a, dQ, ([0, 1], [0, 1]))
        self.dWk = np.tensordot(self.b, dK, ([0, 1], [0, 1]))
        self.dWv = np.tensordot(self.b, dV, ([0, 1], [0, 1]))
        return dQ @ self.Wq.T, dK @ self.Wk.T + dV @ self.Wv.T


class MLP:
    def __init__(self, rng, d, hidden):
        self.W1 = rng.standard_normal((d, hidden)) * d ** -0.5
        self.W2 = rng.standard_normal((hidden, d)) * hidden ** -0.5

    def forward(self, x):
        self.x, self.h = x, np.tanh(x @ self.W1)
        return self.h @ self.W2

    def backward(self, d):
        self.dW2 = np.tensordot(self.h, d, ([0, 1], [0, 1]))
        dz = (d @ self.W2.T) * (1 - self.h ** 2)
        self.dW1 = np.tensordot(self.x, dz, ([0, 1], [0, 1]))
        return dz @ self.W1.T


class EncoderLayer:
    def __init__(self, rng, d):
        self.attn, self.mlp = Attention(rng, d), MLP(rng, d, 9)

    def forward(self, x):
        x = x + self.attn.forward(x, x)
        return x + self.mlp.forward(x)

    def backward(self, d):
        d = d + self.mlp.backward(d)
        da, db = self.attn.backward(d)
        return d + da + db


class DecoderLayer:
    def __init__(self, rng, d):
        self.self_attn, self.cross, self.mlp = Attention(rng, d), Attention(rng, d), MLP(rng, d, 8)

    def forward(self, y, memory):
        T = y.shape[1]
        y = y + self.self_attn.forward(y, y, np.tril(np.ones((T, T), bool)))
        y = y + self.cross.forward(y, memory)
        return y + self.mlp.forward(y)

    def backward(self, d):
        d = d + self.mlp.backward(d)
        dq, dmem = self.cross.backward(d)
        d = d + dq
        da, db = self.self_attn.backward(d)
        return d + da + db, dmem


class Decoder:
    def __init__(self, rng, d, depth):
        self.layers = [DecoderLayer(rng, d) for _ in range(depth)]

    def forward(self, y, memory):
        for layer in self.layers:
            y = layer.forward(y, memory)
        return y

    def backward(self, d):
        d_memory = 0
        for layer in reversed(self.layers):
            d, dm = layer.backward(d)
            d_memory = dm  # FAULT
        return d, d_memory


class Seq2Seq:
    def __init__(self, d=5, depth=3, seed=12):
        rng = np.random.default_rng(seed)
        self.encoder, self.decoder = EncoderLayer(rng, d), Decoder(rng, d, depth)

    def forward(self, src, tgt):
        return self.decoder.forward(tgt, self.encoder.forward(src))

    def backward(self, d):
        d_tgt, d_mem = self.decoder.backward(d)
        return self.encoder.backward(d_mem), d_tgt


class AttentionRepaired:
    """single head; queries from `a`, keys and values from `b`"""

    def __init__(self, rng, d):
        self.Wq, self.Wk, self.Wv = (rng.standard_normal((d, d)) * d ** -0.5 for _ in range(3))

    def forward(self, a, b, mask=None):
        self.a, self.b = a, b
        self.Q, self.K, self.V = a @ self.Wq, b @ self.Wk, b @ self.Wv
        S = self.Q @ self.K.transpose(0, 2, 1) / np.sqrt(self.Q.shape[-1])
        if mask is not None:
            S = np.where(mask, S, -1e9)
        self.P = _softmax(S)
        return self.P @ self.V

    def backward(self, d):
        dV = self.P.transpose(0, 2, 1) @ d
        dP = d @ self.V.transpose(0, 2, 1)
        dS = self.P * (dP - (dP * self.P).sum(-1, keepdims=True)) / np.sqrt(self.Q.shape[-1])
        dQ, dK = dS @ self.K, dS.transpose(0, 2, 1) @ self.Q
        self.dWq = np.tensordot(self.a, dQ, ([0, 1], [0, 1]))
        self.dWk = np.tensordot(self.b, dK, ([0, 1], [0, 1]))
        self.dWv = np.tensordot(self.b, dV, ([0, 1], [0, 1]))
        return dQ @ self.Wq.T, dK @ self.Wk.T + dV @ self.Wv.T


class MLPRepaired:
    def __init__(self, rng, d, hidden):
        self.W1 = rng.standard_normal((d, hidden)) * d ** -0.5
        self.W2 = rng.standard_normal((hidden, d)) * hidden ** -0.5

    def forward(self, x):
        self.x, self.h = x, np.tanh(x @ self.W1)
        return self.h @ self.W2

    def backward(self, d):
        self.dW2 = np.tensordot(self.h, d, ([0, 1], [0, 1]))
        dz = (d @ self.W2.T) * (1 - self.h ** 2)
        self.dW1 = np.tensordot(self.x, dz, ([0, 1], [0, 1]))
        return dz @ self.W1.T


class EncoderLayerRepaired:
    def __init__(self, rng, d):
        self.attn, self.mlp = AttentionRepaired(rng, d), MLPRepaired(rng, d, 9)

    def forward(self, x):
        x = x + self.attn.forward(x, x)
        return x + self.mlp.forward(x)

    def backward(self, d):
        d = d + self.mlp.backward(d)
        da, db = self.attn.backward(d)
        return d + da + db


class DecoderLayerRepaired:
    def __init__(self, rng, d):
        self.self_attn, self.cross, self.mlp = AttentionRepaired(rng, d), AttentionRepaired(rng, d), MLPRepaired(rng, d, 8)

    def forward(self, y, memory):
        T = y.shape[1]
        y = y + self.self_attn.forward(y, y, np.tril(np.ones((T, T), bool)))
        y = y + self.cross.forward(y, memory)
        return y + self.mlp.forward(y)

    def backward(self, d):
        d = d + self.mlp.backward(d)
        dq, dmem = self.cross.backward(d)
        d = d + dq
        da, db = self.self_attn.backward(d)
        return d + da + db, dmem


class DecoderRepaired:
    def __init__(self, rng, d, depth):
        self.layers = [DecoderLayerRepaired(rng, d) for _ in range(depth)]

    def forward(self, y, memory):
        for layer in self.layers:
            y = layer.forward(y, memory)
        return y

    def backward(self, d):
        d_memory = 0
        for layer in reversed(self.layers):
            d, dm = layer.backward(d)
            d_memory = d_memory + dm
        return d, d_memory


class Seq2SeqRepaired:
    def __init__(self, d=5, depth=3, seed=12):
        rng = np.random.default_rng(seed)
        self.encoder, self.decoder = EncoderLayerRepaired(rng, d), DecoderRepaired(rng, d, depth)

    def forward(self, src, tgt):
        return self.decoder.forward(tgt, self.encoder.forward(src))

    def backward(self, d):
        d_tgt, d_mem = self.decoder.backward(d)
        return self.encoder.backward(d_mem), d_tgt


def faulty():
    rng = np.random.default_rng(3)
    return {"subject": Seq2Seq(), "inputs": (rng.standard_normal((2, 4, 5)), rng.standard_normal((2, 3, 5))),
            "intent": {"causal"}}


def correct():
    rng = np.random.default_rng(3)
    return {"subject": Seq2SeqRepaired(), "inputs": (rng.standard_normal((2, 4, 5)), rng.standard_normal((2, 3, 5))),
            "intent": {"causal"}}
