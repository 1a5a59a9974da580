# Encoder-decoder Transformer for toy translation. Post-norm, as in the original paper.
import numpy as np


class Dense:
    def __init__(self, n, m, rng):
        self.w = rng.standard_normal((n, m)) / np.sqrt(n)
        self.b = np.zeros(m)

    def fwd(self, x):
        self.x = x
        return x @ self.w + self.b

    def bwd(self, d):
        ax = list(range(d.ndim - 1))
        self.dw = np.tensordot(self.x, d, (ax, ax))
        self.db = d.sum(tuple(ax))
        return d @ self.w.T

    def params(self):
        return [(self, "w"), (self, "b")]


class Norm:
    def __init__(self, n):
        self.g, self.b = np.ones(n), np.zeros(n)

    def fwd(self, x):
        c = x - x.mean(-1, keepdims=True)
        self.s = np.sqrt((c ** 2).mean(-1, keepdims=True) + 1e-5)
        self.y = c / self.s
        return self.g * self.y + self.b

    def bwd(self, d):
        ax = tuple(range(d.ndim - 1))
        self.dg, self.db = (d * self.y).sum(ax), d.sum(ax)
        d = d * self.g
        return (d - d.mean(-1, keepdims=True) - self.y * (d * self.y).mean(-1, keepdims=True)) / self.s

    def params(self):
        return [(self, "g"), (self, "b")]


class Attention:
    def __init__(self, n, heads, rng):
        self.h = heads
        self.q, self.k, self.v, self.o = (Dense(n, n, rng) for _ in range(4))

    def split(self, x):
        return x.reshape(*x.shape[:2], self.h, -1).transpose(0, 2, 1, 3)

    def merge(self, x):
        return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)

    def fwd(self, query, memory, causal=False):
        q, k, v = self.split(self.q.fwd(query)), self.split(self.k.fwd(memory)), self.split(self.v.fwd(memory))
        s = q @ k.transpose(0, 1, 3, 2) * q.shape[-1] ** -0.5
        if causal:
            s = np.where(np.tri(*s.shape[-2:], dtype=bool), s, -1e30)
        p = np.exp(s - s.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        self.saved = q, k, v, p
        return self.o.fwd(self.merge(p @ v))

    def bwd(self, d):
        """returns the gradients of query and memory"""
        q, k, v, p = self.saved
        d = self.split(self.o.bwd(d))
        dv = p.transpose(0, 1, 3, 2) @ d
        dp = d @ v.transpose(0, 1, 3, 2)
        ds = p * (dp - (dp * p).sum(-1, keepdims=True)) * q.shape[-1] ** -0.5
        dquery = self.q.bwd(self.merge(ds @ k))
        dmemory = self.k.bwd(self.merge(ds.transpose(0, 1, 3, 2) @ q))
        return dquery, dmemory + self.v.bwd(self.merge(dv))

    def params(self):
        return self.q.params() + self.k.params() + self.v.params() + self.o.params()


class FFN:
    def __init__(self, n, m, rng):
        self.a, self.b = Dense(n, m, rng), Dense(m, n, rng)

    def fwd(self, x):
        self.z = self.a.fwd(x)
        return self.b.fwd(np.maximum(self.z, 0))

    def bwd(self, d):
        return self.a.bwd(self.b.bwd(d) * (self.z > 0))

    def params(self):
        return self.a.params() + self.b.params()


class EncoderLayer:
    def __init__(self, n, heads, m, rng):
        self.att, self.ffn = Attention(n, heads, rng), FFN(n, m, rng)
        self.n1, self.n2 = Norm(n), Norm(n)

    def fwd(self, x):
        x = self.n1.fwd(x + self.att.fwd(x, x))
        return self.n2.fwd(x + self.ffn.fwd(x))

    def bwd(self, d):
        d = self.n2.bwd(d)
        d = self.n1.bwd(d + self.ffn.bwd(d))
        a, b = self.att.bwd(d)
        return d + a + b

    def params(self):
        return sum((s.params() for s in (self.att, self.ffn, self.n1, self.n2)), [])


class DecoderLayer:
    def __init__(self, n, heads, m, rng):
        self.self_att, self.cross_att = Attention(n, heads, rng), Attention(n, heads, rng)
        self.ffn = FFN(n, m, rng)
        self.n1, self.n2, self.n3 = Norm(n), Norm(n), Norm(n)

    def fwd(self, x, memory):
        x = self.n1.fwd(x + self.self_att.fwd(x, x, causal=True))
        x = self.n2.fwd(x + self.cross_att.fwd(x, memory))
        return self.n3.fwd(x + self.ffn.fwd(x))

    def bwd(self, d):
        d = self.n3.bwd(d)
        d = self.n2.bwd(d + self.ffn.bwd(d))
        dq, dmemory = self.cross_att.bwd(d)
        d = self.n1.bwd(d + dq)
        a, b = self.self_att.bwd(d)
        return d + a + b, dmemory

    def params(self):
        return sum((s.params() for s in (self.self_att, self.cross_att, self.ffn, self.n1, self.n2, self.n3)), [])


class Translator:
    """forward(source vectors, target vectors) -> logits; both (batch, time, d_model)"""

    def __init__(self, d_model=16, heads=2, d_ff=32, n_layers=2, vocab=12, seed=0):
        rng = np.random.default_rng(seed)
        self.encoder = [EncoderLayer(d_model, heads, d_ff, rng) for _ in range(n_layers)]
        self.decoder = [DecoderLayer(d_model, heads, d_ff, rng) for _ in range(n_layers)]
        self.out = Dense(d_model, vocab, rng)

    def forward(self, src, tgt):
        memory = src
        for layer in self.encoder:
            memory = layer.fwd(memory)
        y = tgt
        for layer in self.decoder:
            y = layer.fwd(y, memory)
        return self.out.fwd(y)

    def backward(self, d):
        d = self.out.bwd(d)
        dmemory = 0.0
        for layer in reversed(self.decoder):
            d, dm = layer.bwd(d)
            dmemory = dmemory + dm
        dtgt = d
        d = dmemory
        for layer in reversed(self.encoder):
            d = layer.bwd(d)
        return d, dtgt

    def params(self):
        return sum((l.params() for l in self.encoder + self.decoder), []) + self.out.params()


def adam(net, state, lr, t):
    for obj, name in net.params():
        g = getattr(obj, "d" + name)
        m, v = state.setdefault((id(obj), name), [np.zeros_like(g), np.zeros_like(g)])
        m += 0.1 * (g - m)
        v += 0.02 * (g * g - v)
        w = getattr(obj, name)
        w -= lr * (m / (1 - 0.9 ** t)) / (np.sqrt(v / (1 - 0.98 ** t)) + 1e-8)


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    table_s, table_t, mapping = rng.normal(size=(12, 16)), rng.normal(size=(12, 16)), rng.permutation(12)
    place = rng.normal(size=(8, 16))
    net, state = Translator(), {}
    for t in range(1, 151):
        src = rng.integers(1, 12, (16, 6))
        tgt = mapping[src]
        tgt_in = np.concatenate([np.zeros((16, 1), int), tgt[:, :-1]], axis=1)
        logits = net.forward(table_s[src] + place[:6], table_t[tgt_in] + place[:6])
        p = np.exp(logits - logits.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        onehot = np.eye(12)[tgt]
        if t % 50 == 0:
            print(t, "loss", -np.log((p * onehot).sum(-1)).mean())
        net.backward((p - onehot) / tgt.size)
        adam(net, state, 3e-3, t)
