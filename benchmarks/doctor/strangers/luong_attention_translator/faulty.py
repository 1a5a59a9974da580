import numpy as np

# Translator toy: Elman encoder, Elman decoder with Luong (dot) attention. Time first everywhere: (T, B, ...)


def init_params(vocab_src, vocab_tgt, emb, hid, seed=0):
    r = np.random.default_rng(seed)
    m = lambda *s: r.normal(0, 1 / np.sqrt(s[-1]), s)
    return dict(
        E_src=m(vocab_src, emb), E_tgt=m(vocab_tgt, emb),
        Wx=m(hid, emb), Wh=m(hid, hid), b=np.zeros(hid),
        Vx=m(hid, emb), Vh=m(hid, hid), c=np.zeros(hid),
        O=m(vocab_tgt, 2 * hid), o=np.zeros(vocab_tgt),
    )


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Translator:
    def __init__(self, vocab_src=7, vocab_tgt=6, emb=4, hid=5, seed=0):
        self.params = init_params(vocab_src, vocab_tgt, emb, hid, seed)
        self.grads = {}

    def forward(self, src, tgt_in):
        """src (S, B) ids, tgt_in (T, B) ids  ->  logits (T, B, vocab_tgt)"""
        p = self.params
        S, B = src.shape
        T = tgt_in.shape[0]
        hid = p["b"].size
        self.src, self.tgt = src, tgt_in
        self.xs = p["E_src"][src]
        self.H = np.zeros((S + 1, B, hid))
        for t in range(S):
            self.H[t + 1] = np.tanh(self.xs[t] @ p["Wx"].T + self.H[t] @ p["Wh"].T + p["b"])
        memory = self.H[1:]
        self.xt = p["E_tgt"][tgt_in]
        self.D = np.zeros((T + 1, B, hid))
        self.D[0] = self.H[S]
        self.A = np.zeros((T, B, S))
        self.ctx = np.zeros((T, B, hid))
        for t in range(T):
            self.D[t + 1] = np.tanh(self.xt[t] @ p["Vx"].T + self.D[t] @ p["Vh"].T + p["c"])
            self.A[t] = softmax(np.einsum("sbh,bh->bs", memory, self.D[t + 1]))
            self.ctx[t] = np.einsum("bs,sbh->bh", self.A[t], memory)
        self.cat = np.concatenate([self.D[1:], self.ctx], axis=2)
        return self.cat @ p["O"].T + p["o"]

    def backward(self, dlogits):
        p = self.params
        g = {k: np.zeros_like(v) for k, v in p.items()}
        S, T = len(self.src), len(self.tgt)
        hid = p["b"].size
        memory = self.H[1:]
        g["O"] += np.einsum("tbv,tbc->vc", dlogits, self.cat)
        g["o"] += dlogits.sum((0, 1))
        dcat = dlogits @ p["O"]
        dmem = np.zeros_like(memory)
        carry = np.zeros_like(self.D[0])
        for t in reversed(range(T)):
            dctx = dcat[t, :, hid:]
            dA = np.einsum("bh,sbh->bs", dctx, memory)
            dmem += np.einsum("bs,bh->sbh", self.A[t], dctx)
            dscore = self.A[t] * (dA - (dA * self.A[t]).sum(1, keepdims=True))
            dd = dcat[t, :, :hid] + carry + np.einsum("bs,sbh->bh", dscore, memory)
            dz = dd * (1 - self.D[t + 1] ** 2)
            g["Vx"] += dz.T @ self.xt[t]
            g["Vh"] += dz.T @ self.D[t]
            g["c"] += dz.sum(0)
            np.add.at(g["E_tgt"], self.tgt[t], dz @ p["Vx"])
            carry = dz @ p["Vh"]
        for t in reversed(range(S)):
            dz = (carry + dmem[t]) * (1 - self.H[t + 1] ** 2)
            g["Wx"] += dz.T @ self.xs[t]
            g["Wh"] += dz.T @ self.H[t]
            g["b"] += dz.sum(0)
            np.add.at(g["E_src"], self.src[t], dz @ p["Wx"])
            carry = dz @ p["Wh"]
        self.grads = g


def loss_fn(logits, target):
    q = softmax(logits)
    return -np.mean(np.log(np.take_along_axis(q, target[..., None], axis=2)))


def loss_grad(logits, target):
    d = softmax(logits)
    np.put_along_axis(d, target[..., None], np.take_along_axis(d, target[..., None], 2) - 1, axis=2)
    return d / target.size


if __name__ == "__main__":
    r = np.random.default_rng(0)
    src = r.integers(2, 6, (5, 32))
    tgt = src[::-1]
    tgt_in = np.concatenate([np.zeros((1, 32), int), tgt[:-1]])
    net = Translator(hid=24)
    for it in range(300):
        y = net.forward(src, tgt_in)
        net.backward(loss_grad(y, tgt))
        for k in net.params:
            net.params[k] -= 1.0 * net.grads[k]
    print(loss_fn(y, tgt))
