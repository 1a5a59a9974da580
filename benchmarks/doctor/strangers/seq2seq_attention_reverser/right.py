"""Sequence to sequence with dot-product attention: learns to reverse digit strings.

Everything is time first: tokens (T, B), states (T, B, H).
Attention follows Luong et al.: the decoder state scores all encoder states.
"""
import numpy as np


class TanhRNN:
    def __init__(self, n_in, n_hid, rng):
        self.Wx = rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_hid))
        self.Wh = rng.normal(0, 1 / np.sqrt(n_hid), (n_hid, n_hid))
        self.b = np.zeros(n_hid)

    def forward(self, xs, h0):
        h = h0
        hs = []
        for x in xs:
            h = np.tanh(x @ self.Wx + h @ self.Wh + self.b)
            hs.append(h)
        self.xs, self.h0, self.hs = xs, h0, np.stack(hs)
        return self.hs

    def backward(self, dhs, dh_last=0.0):
        self.dWx = np.zeros_like(self.Wx)
        self.dWh = np.zeros_like(self.Wh)
        self.db = np.zeros_like(self.b)
        dxs = np.empty_like(self.xs)
        dh = dh_last
        for t in range(len(self.xs) - 1, -1, -1):
            prev = self.hs[t - 1] if t > 0 else self.h0
            da = (dhs[t] + dh) * (1 - self.hs[t] ** 2)
            self.dWx += self.xs[t].T @ da
            self.dWh += prev.T @ da
            self.db += da.sum(0)
            dxs[t] = da @ self.Wx.T
            dh = da @ self.Wh.T
        return dxs, dh


class DotAttention:
    """queries (Td, B, H), memory (Ts, B, H) -> contexts (Td, B, H)"""

    def forward(self, queries, memory):
        scores = np.einsum("dbh,sbh->dsb", queries, memory)
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.w = e / e.sum(axis=1, keepdims=True)
        self.queries, self.memory = queries, memory
        return np.einsum("dsb,sbh->dbh", self.w, memory)

    def backward(self, dctx):
        dw = np.einsum("dbh,sbh->dsb", dctx, self.memory)
        dmem = np.einsum("dsb,dbh->sbh", self.w, dctx)
        ds = self.w * (dw - (dw * self.w).sum(axis=1, keepdims=True))
        dq = np.einsum("dsb,sbh->dbh", ds, self.memory)
        dmem += np.einsum("dsb,dbh->sbh", ds, self.queries)
        return dq, dmem


class Seq2Seq:
    def __init__(self, vocab=11, emb=8, hidden=16, seed=0):
        rng = np.random.default_rng(seed)
        self.emb_src = rng.normal(0, 0.5, (vocab, emb))
        self.emb_tgt = rng.normal(0, 0.5, (vocab, emb))
        self.encoder = TanhRNN(emb, hidden, rng)
        self.decoder = TanhRNN(emb, hidden, rng)
        self.attention = DotAttention()
        self.Wo = rng.normal(0, 1 / np.sqrt(2 * hidden), (2 * hidden, vocab))
        self.bo = np.zeros(vocab)
        self.hidden = hidden

    def forward(self, src, tgt_in):
        self.src, self.tgt_in = src, tgt_in
        h0 = np.zeros((src.shape[1], self.hidden))
        memory = self.encoder.forward(self.emb_src[src], h0)
        states = self.decoder.forward(self.emb_tgt[tgt_in], memory[-1])
        context = self.attention.forward(states, memory)
        self.cat = np.concatenate([states, context], axis=-1)
        return self.cat @ self.Wo + self.bo

    def backward(self, dlogits):
        H = self.hidden
        self.dWo = np.einsum("tbi,tbj->ij", self.cat, dlogits)
        self.dbo = dlogits.sum(axis=(0, 1))
        dcat = dlogits @ self.Wo.T
        dq, dmem = self.attention.backward(dcat[..., H:])
        demb, dh0 = self.decoder.backward(dcat[..., :H] + dq)
        self.demb_tgt = np.zeros_like(self.emb_tgt)
        np.add.at(self.demb_tgt, self.tgt_in, demb)
        demb, _ = self.encoder.backward(dmem, dh0)
        self.demb_src = np.zeros_like(self.emb_src)
        np.add.at(self.demb_src, self.src, demb)

    def sgd(self, lr):
        for obj, names in ((self, ("emb_src", "emb_tgt", "Wo", "bo")),
                           (self.encoder, ("Wx", "Wh", "b")), (self.decoder, ("Wx", "Wh", "b"))):
            for n in names:
                w, d = getattr(obj, n), getattr(obj, "d" + n)
                w -= lr * np.clip(d, -1, 1)


def xent(logits, target):
    z = logits - logits.max(axis=-1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    T, B = target.shape
    i, j = np.indices(target.shape)
    loss = -logp[i, j, target].sum() / (T * B)
    d = np.exp(logp)
    d[i, j, target] -= 1.0
    return loss, d / (T * B)


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    net = Seq2Seq()
    for it in range(400):
        src = rng.integers(1, 11, (6, 32))
        tgt = src[::-1]
        tgt_in = np.vstack([np.zeros((1, 32), int), tgt[:-1]])
        loss, d = xent(net.forward(src, tgt_in), tgt)
        net.backward(d)
        net.sgd(0.5)
        if it % 100 == 0:
            print(it, round(float(loss), 3))
