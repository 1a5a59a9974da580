import numpy as np


class AdditiveAttention:
    """score(q, m) = v . tanh(q Wq + m Wm); context_q = sum_m softmax(score) m."""

    def __init__(self, dim, hid, rng):
        self.Wq, self.Wm = rng.normal(0, dim ** -0.5, (2, dim, hid))
        self.v = rng.normal(0, hid ** -0.5, hid)

    def forward(self, query, memory):
        u = np.tanh((query @ self.Wq)[:, :, None] + (memory @ self.Wm)[:, None])
        s = u @ self.v
        a = np.exp(s - s.max(axis=2, keepdims=True))
        a /= a.sum(axis=2, keepdims=True)
        self.saved = query, memory, u, a
        return a @ memory

    def backward(self, dctx):
        query, memory, u, a = self.saved
        da = dctx @ memory.swapaxes(1, 2)
        ds = a * (da - (a * da).sum(axis=2, keepdims=True))
        self.dv = np.einsum("bqm,bqmh->h", ds, u)
        du = ds[..., None] * self.v * (1 - u ** 2)
        duq, dum = du.sum(axis=2), du.sum(axis=1)
        self.dWq = np.einsum("bqd,bqh->dh", query, duq)
        self.dWm = np.einsum("bmd,bmh->dh", memory, dum)
        return duq @ self.Wq.T, a.swapaxes(1, 2) @ dctx + dum @ self.Wm.T


class CrossAttention:
    """Decoder sub-layer: the decoder's states look up the encoder's."""

    def __init__(self, dim, hid, seed=0):
        rng = np.random.default_rng(seed)
        self.attention = AdditiveAttention(dim, hid, rng)
        self.Wo = rng.normal(0, dim ** -0.5, (dim, dim))

    def forward(self, decoder_states, encoder_states):
        self.ctx = self.attention.forward(encoder_states, decoder_states)
        return self.ctx @ self.Wo

    def backward(self, dy):
        self.dWo = np.einsum("bti,bto->io", self.ctx, dy)
        denc, ddec = self.attention.backward(dy @ self.Wo.T)
        return ddec, denc
