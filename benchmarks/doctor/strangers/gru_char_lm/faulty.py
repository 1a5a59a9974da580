import numpy as np

# Character level language model with a GRU.   x: (B, T) integer ids
text = ("the quick brown fox jumps over the lazy dog. pack my box with five dozen jugs. "
        "how vexingly quick daft zebras jump. the five boxing wizards jump quickly. ") * 3


def sigm(v):
    return 1 / (1 + np.exp(-v))


class GRU:
    def __init__(self, n_in, n_h):
        s = 1.0 / np.sqrt(n_h)
        r = lambda *shape: np.random.uniform(-s, s, shape)
        self.p = {
            'Wz': r(n_in, n_h), 'Uz': r(n_h, n_h), 'bz': np.zeros(n_h),
            'Wr': r(n_in, n_h), 'Ur': r(n_h, n_h), 'br': np.zeros(n_h),
            'Wn': r(n_in, n_h), 'Un': r(n_h, n_h), 'bn': np.zeros(n_h),
        }
        self.g = {k: np.zeros_like(v) for k, v in self.p.items()}
        self.n_h = n_h

    def forward(self, x):
        p = self.p
        B, T, _ = x.shape
        h = np.zeros((B, self.n_h))
        self.cache = []
        hs = np.empty((B, T, self.n_h))
        for t in range(T):
            xt = x[:, t]
            z = sigm(xt @ p['Wz'] + h @ p['Uz'] + p['bz'])
            r = sigm(xt @ p['Wr'] + h @ p['Ur'] + p['br'])
            n = np.tanh(xt @ p['Wn'] + (r * h) @ p['Un'] + p['bn'])
            h_new = (1 - z) * h + z * n
            self.cache.append((xt, h, z, r, n))
            h = h_new
            hs[:, t] = h
        return hs

    def backward(self, dhs):
        p = self.p
        g = {k: np.zeros_like(v) for k, v in p.items()}
        B, T, _ = dhs.shape
        dx = np.empty((B, T, p['Wz'].shape[0]))
        carry = np.zeros((B, self.n_h))
        for t in reversed(range(T)):
            xt, h, z, r, n = self.cache[t]
            dh = dhs[:, t] + carry
            dn = dh * z * (1 - n ** 2)
            dz = dh * (n - h) * z * (1 - z)
            drh = dn @ p['Un'].T
            dr = drh * h * r * (1 - r)
            for name, d, hin in (('z', dz, h), ('r', dr, h), ('n', dn, r * h)):
                g['W' + name] += xt.T @ d
                g['U' + name] += hin.T @ d
                g['b' + name] += d.sum(0)
            dx[:, t] = dz @ p['Wz'].T + dr @ p['Wr'].T + dn @ p['Wn'].T
            carry = dh * (1 - z) + drh * r + dz @ p['Uz'].T + dr @ p['Ur'].T
        self.g = g
        return dx


class CharLM:
    def __init__(self, vocab_size=28, emb=12, hidden=24):
        self.E = np.random.randn(vocab_size, emb) * 0.1
        self.gru = GRU(emb, hidden)
        self.V = np.random.randn(hidden, vocab_size) / np.sqrt(hidden)
        self.c = np.zeros(vocab_size)

    def forward(self, ids):
        self.ids = ids
        self.hs = self.gru.forward(self.E[ids])
        return self.hs @ self.V + self.c

    def backward(self, dlogits):
        self.dV = np.einsum('bth,btv->hv', self.hs, dlogits)
        self.dc = dlogits.sum((0, 1))
        dx = self.gru.backward(dlogits @ self.V.T)
        self.dE = np.zeros_like(self.E)
        np.add.at(self.dE, self.ids, dx)

    def parameters(self):
        yield self.E, self.dE
        yield self.V, self.dV
        yield self.c, self.dc
        for k in self.gru.p:
            yield self.gru.p[k], self.gru.g[k]


def cross_entropy(logits, targets):
    B, T, _ = logits.shape
    z = logits - logits.max(-1, keepdims=True)
    p = np.exp(z)
    p /= p.sum(-1, keepdims=True)
    b, t = np.arange(B)[:, None], np.arange(T)[None]
    return -np.log(p[b, t, targets]).mean()


def cross_entropy_grad(logits, targets):
    B, T, _ = logits.shape
    z = logits - logits.max(-1, keepdims=True)
    p = np.exp(z)
    p /= p.sum(-1, keepdims=True)
    b, t = np.arange(B)[:, None], np.arange(T)[None]
    p[b, t, targets] -= 1
    return p / B


def train(steps=120, B=16, T=12, lr=1.0):
    chars = sorted(set(text))
    data = np.array([chars.index(ch) for ch in text])
    lm = CharLM(len(chars))
    for i in range(steps):
        s = np.random.randint(0, len(data) - T - 1, B)
        x = np.stack([data[j:j + T] for j in s])
        y = np.stack([data[j + 1:j + T + 1] for j in s])
        logits = lm.forward(x)
        lm.backward(cross_entropy_grad(logits, y))
        params = list(lm.parameters())
        norm = np.sqrt(sum((d ** 2).sum() for _, d in params))
        scale = lr * min(1.0, 5.0 / norm)
        for w, d in params:
            w -= scale * d
        if i % 40 == 0:
            print('%4d  %.3f' % (i, cross_entropy(logits, y)))
    return lm


if __name__ == '__main__':
    np.random.seed(1)
    train()
