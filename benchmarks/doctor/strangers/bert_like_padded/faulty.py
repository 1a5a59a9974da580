"""A BERT-like encoder for variable length sequences (post-norm, GELU, masked mean pooling)."""
import numpy as np


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


def gelu_grad(x):
    k = np.sqrt(2 / np.pi)
    t = np.tanh(k * (x + 0.044715 * x ** 3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t ** 2) * k * (1 + 3 * 0.044715 * x ** 2)


class Weights:
    """parameters of one part of the network and their gradients"""

    def __init__(self, rng, **shapes):
        self.names = list(shapes)
        for name, shape in shapes.items():
            if name.startswith("g"):
                value = np.ones(shape)
            elif name.startswith("b"):
                value = np.zeros(shape)
            else:
                value = rng.normal(0, 0.5 / np.sqrt(shape[0]), shape)
            setattr(self, name, value)
            setattr(self, "d_" + name, np.zeros(shape))

    def pairs(self):
        return [(getattr(self, n), getattr(self, "d_" + n)) for n in self.names]


def layernorm(x, g, b, eps=1e-12):
    mu = x.mean(-1, keepdims=True)
    s = np.sqrt(((x - mu) ** 2).mean(-1, keepdims=True) + eps)
    xh = (x - mu) / s
    return g * xh + b, (xh, s)


def layernorm_backward(d, g, saved):
    xh, s = saved
    dg, db = (d * xh).sum((0, 1)), d.sum((0, 1))
    d = d * g
    return (d - d.mean(-1, keepdims=True) - xh * (d * xh).mean(-1, keepdims=True)) / s, dg, db


class BertLayer:
    def __init__(self, hidden, heads, intermediate, rng):
        self.heads = heads
        self.w = Weights(rng, Wq=(hidden, hidden), bq=hidden, Wk=(hidden, hidden), bk=hidden,
                         Wv=(hidden, hidden), bv=hidden, Wo=(hidden, hidden), bo=hidden, g1=hidden, beta1=hidden,
                         W1=(hidden, intermediate), b1=intermediate, W2=(intermediate, hidden), b2=hidden,
                         g2=hidden, beta2=hidden)

    def forward(self, x, mask):
        w, (B, T, D), h = self.w, x.shape, self.heads
        split = lambda y: y.reshape(B, T, h, D // h).swapaxes(1, 2)
        q, k, v = split(x @ w.Wq + w.bq), split(x @ w.Wk + w.bk), split(x @ w.Wv + w.bv)
        additive = (1.0 - mask[:, None, :, None]) * -10000.0
        s = q @ k.swapaxes(2, 3) / np.sqrt(D // h) + additive
        p = np.exp(s - s.max(-1, keepdims=True))
        p = p / p.sum(-1, keepdims=True)
        ctx = (p @ v).swapaxes(1, 2).reshape(B, T, D)
        y, n1 = layernorm(x + ctx @ w.Wo + w.bo, w.g1, w.beta1)
        z = y @ w.W1 + w.b1
        out, n2 = layernorm(y + gelu(z) @ w.W2 + w.b2, w.g2, w.beta2)
        self.saved = x, q, k, v, p, ctx, n1, y, z, n2
        return out

    def backward(self, d):
        w, h = self.w, self.heads
        x, q, k, v, p, ctx, n1, y, z, n2 = self.saved
        B, T, D = x.shape
        mat = lambda a, b: np.einsum("bti,btj->ij", a, b)
        split = lambda u: u.reshape(B, T, h, D // h).swapaxes(1, 2)
        merge = lambda u: u.swapaxes(1, 2).reshape(B, T, D)

        d, w.d_g2, w.d_beta2 = layernorm_backward(d, w.g2, n2)
        w.d_W2, w.d_b2 = mat(gelu(z), d), d.sum((0, 1))
        dz = (d @ w.W2.T) * gelu_grad(z)
        w.d_W1, w.d_b1 = mat(y, dz), dz.sum((0, 1))
        d = d + dz @ w.W1.T

        d, w.d_g1, w.d_beta1 = layernorm_backward(d, w.g1, n1)
        w.d_Wo, w.d_bo = mat(ctx, d), d.sum((0, 1))
        dctx = split(d @ w.Wo.T)
        dv = merge(p.swapaxes(2, 3) @ dctx)
        dp = dctx @ v.swapaxes(2, 3)
        ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(D // h)
        dq, dk = merge(ds @ k), merge(ds.swapaxes(2, 3) @ q)
        for name, g in (("q", dq), ("k", dk), ("v", dv)):
            setattr(w, "d_W" + name, mat(x, g))
            setattr(w, "d_b" + name, g.sum((0, 1)))
        return d + dq @ w.Wq.T + dk @ w.Wk.T + dv @ w.Wv.T


class BertClassifier:
    """forward(ids, lengths): ids (B, T) padded with any id after lengths[b] tokens"""

    def __init__(self, vocab=30, max_len=12, hidden=8, heads=2, intermediate=16, n_layers=2, n_classes=3, seed=0):
        rng = np.random.default_rng(seed)
        self.w = Weights(rng, tok=(vocab, hidden), pos=(max_len, hidden), Wc=(hidden, n_classes), bc=n_classes)
        self.w.tok *= 2 * np.sqrt(vocab)
        self.layers = [BertLayer(hidden, heads, intermediate, rng) for _ in range(n_layers)]

    def forward(self, ids, lengths):
        self.ids = ids
        T = ids.shape[1]
        self.mask = (np.arange(T)[None, :] < np.asarray(lengths)[:, None]).astype(float)
        x = self.w.tok[ids] + self.w.pos[:T]
        for layer in self.layers:
            x = layer.forward(x, self.mask)
        self.weights = self.mask / self.mask.sum(1, keepdims=True)
        self.pooled = np.einsum("bt,btd->bd", self.weights, x)
        return self.pooled @ self.w.Wc + self.w.bc

    def backward(self, d):
        w = self.w
        w.d_Wc, w.d_bc = self.pooled.T @ d, d.sum(0)
        d = self.weights[:, :, None] * (d @ w.Wc.T)[:, None, :]
        for layer in reversed(self.layers):
            d = layer.backward(d)
        w.d_tok, w.d_pos = np.zeros_like(w.tok), np.zeros_like(w.pos)
        np.add.at(w.d_tok, self.ids, d)
        w.d_pos[:d.shape[1]] = d.sum(0)

    def parameters(self):
        return self.w.pairs() + [pair for layer in self.layers for pair in layer.w.pairs()]


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    net = BertClassifier()
    for it in range(121):
        lengths = rng.integers(3, 13, 32)
        ids = rng.integers(3, 30, (32, 12))
        label = rng.integers(0, 3, 32)
        ids[np.arange(32), rng.integers(0, 3, 32)] = label
        ids[np.arange(12)[None] >= lengths[:, None]] = 29
        z = net.forward(ids, lengths)
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        if it % 40 == 0:
            print(it, "loss %.3f acc %.2f" % (-np.log(p[np.arange(32), label]).mean(), (p.argmax(1) == label).mean()))
        net.backward((p - np.eye(3)[label]) / 32)
        for value, grad in net.parameters():
            value -= 0.2 * grad
