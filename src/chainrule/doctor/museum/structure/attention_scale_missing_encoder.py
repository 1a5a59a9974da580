"""Two-layer pre-norm Transformer encoder with multi-head attention and mean pooling.

Symptom: Wq and Wk take steps sqrt(head size) too large; warm-up has to be very long.
Repair: divide the gradient of the scores by the root of the head size.
"""
import numpy as np

CODES = ("attention-scale-missing",)
PLACES = ("layers.0.attn", "layers.1.attn")


class Module:
    def __init__(self):
        self.p, self.g = {}, {}


class Norm(Module):
    def __init__(self, d):
        super().__init__()
        self.p = {'scale': 1 + 0.3 * np.random.randn(d), 'shift': 0.1 * np.random.randn(d)}

    def forward(self, x):
        c = x - x.mean(-1, keepdims=True)
        self.inv = 1 / np.sqrt((c ** 2).mean(-1, keepdims=True) + 1e-5)
        self.n = c * self.inv
        return self.n * self.p['scale'] + self.p['shift']

    def backward(self, dy):
        self.g = {'scale': (dy * self.n).sum((0, 1)), 'shift': dy.sum((0, 1))}
        t = dy * self.p['scale']
        return self.inv * (t - t.mean(-1, keepdims=True) - self.n * (t * self.n).mean(-1, keepdims=True))


class MultiHead(Module):
    def __init__(self, d, heads):
        super().__init__()
        self.h = heads
        for n in ('Wq', 'Wk', 'Wv', 'Wo'):
            self.p[n] = np.random.randn(d, d) / np.sqrt(d)

    def split(self, x):
        B, T, D = x.shape
        return x.reshape(B, T, self.h, D // self.h).transpose(0, 2, 1, 3)

    def merge(self, x):
        B, H, T, k = x.shape
        return x.transpose(0, 2, 1, 3).reshape(B, T, H * k)

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = (self.split(x @ self.p[n]) for n in ('Wq', 'Wk', 'Wv'))
        s = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(self.q.shape[-1])
        e = np.exp(s - s.max(-1, keepdims=True))
        self.a = e / e.sum(-1, keepdims=True)
        self.ctx = self.merge(self.a @ self.v)
        return self.ctx @ self.p['Wo']

    def backward(self, dy):
        self.g['Wo'] = np.einsum('bti,btj->ij', self.ctx, dy)
        dctx = self.split(dy @ self.p['Wo'].T)
        dv = self.a.swapaxes(-1, -2) @ dctx
        da = dctx @ self.v.swapaxes(-1, -2)
        ds = da - (da * self.a).sum(-1, keepdims=True)
        ds *= self.a  # FAULT
        dq = ds @ self.k
        dk = ds.swapaxes(-1, -2) @ self.q
        dx = 0
        for n, d in (('Wq', dq), ('Wk', dk), ('Wv', dv)):
            d = self.merge(d)
            self.g[n] = np.einsum('bti,btj->ij', self.x, d)
            dx = dx + d @ self.p[n].T
        return dx


class FeedForward(Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.p = {'W1': np.random.randn(d, hidden) / np.sqrt(d), 'b1': 0.1 * np.random.randn(hidden),
                  'W2': np.random.randn(hidden, d) / np.sqrt(hidden), 'b2': 0.1 * np.random.randn(d)}

    def forward(self, x):
        self.x = x
        self.z = x @ self.p['W1'] + self.p['b1']
        self.s = 1 / (1 + np.exp(-self.z))
        self.u = self.z * self.s                       # swish
        return self.u @ self.p['W2'] + self.p['b2']

    def backward(self, dy):
        du = dy @ self.p['W2'].T
        dz = du * (self.s + self.u * (1 - self.s))
        self.g = {'W2': np.einsum('bti,btj->ij', self.u, dy), 'b2': dy.sum((0, 1)),
                  'W1': np.einsum('bti,btj->ij', self.x, dz), 'b1': dz.sum((0, 1))}
        return dz @ self.p['W1'].T


class EncoderLayer:
    def __init__(self, d, heads, hidden):
        self.ln1, self.attn = Norm(d), MultiHead(d, heads)
        self.ln2, self.ff = Norm(d), FeedForward(d, hidden)

    def forward(self, x):
        x = x + self.attn.forward(self.ln1.forward(x))
        return x + self.ff.forward(self.ln2.forward(x))

    def backward(self, d):
        d = d + self.ln2.backward(self.ff.backward(d))
        return d + self.ln1.backward(self.attn.backward(d))


class Encoder:
    def __init__(self, d=6, heads=2, hidden=10, depth=2):
        self.layers = [EncoderLayer(d, heads, hidden) for _ in range(depth)]

    def forward(self, x):
        self.T = x.shape[1]
        for l in self.layers:
            x = l.forward(x)
        return x.mean(axis=1)

    def backward(self, d):
        d = np.repeat(d[:, None, :], self.T, axis=1) / self.T
        for l in self.layers[::-1]:
            d = l.backward(d)
        return d


class ModuleRepaired:
    def __init__(self):
        self.p, self.g = {}, {}


class NormRepaired(ModuleRepaired):
    def __init__(self, d):
        super().__init__()
        self.p = {'scale': 1 + 0.3 * np.random.randn(d), 'shift': 0.1 * np.random.randn(d)}

    def forward(self, x):
        c = x - x.mean(-1, keepdims=True)
        self.inv = 1 / np.sqrt((c ** 2).mean(-1, keepdims=True) + 1e-5)
        self.n = c * self.inv
        return self.n * self.p['scale'] + self.p['shift']

    def backward(self, dy):
        self.g = {'scale': (dy * self.n).sum((0, 1)), 'shift': dy.sum((0, 1))}
        t = dy * self.p['scale']
        return self.inv * (t - t.mean(-1, keepdims=True) - self.n * (t * self.n).mean(-1, keepdims=True))


class MultiHeadRepaired(ModuleRepaired):
    def __init__(self, d, heads):
        super().__init__()
        self.h = heads
        for n in ('Wq', 'Wk', 'Wv', 'Wo'):
            self.p[n] = np.random.randn(d, d) / np.sqrt(d)

    def split(self, x):
        B, T, D = x.shape
        return x.reshape(B, T, self.h, D // self.h).transpose(0, 2, 1, 3)

    def merge(self, x):
        B, H, T, k = x.shape
        return x.transpose(0, 2, 1, 3).reshape(B, T, H * k)

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = (self.split(x @ self.p[n]) for n in ('Wq', 'Wk', 'Wv'))
        s = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(self.q.shape[-1])
        e = np.exp(s - s.max(-1, keepdims=True))
        self.a = e / e.sum(-1, keepdims=True)
        self.ctx = self.merge(self.a @ self.v)
        return self.ctx @ self.p['Wo']

    def backward(self, dy):
        self.g['Wo'] = np.einsum('bti,btj->ij', self.ctx, dy)
        dctx = self.split(dy @ self.p['Wo'].T)
        dv = self.a.swapaxes(-1, -2) @ dctx
        da = dctx @ self.v.swapaxes(-1, -2)
        ds = da - (da * self.a).sum(-1, keepdims=True)
        ds *= self.a / np.sqrt(self.q.shape[-1])
        dq = ds @ self.k
        dk = ds.swapaxes(-1, -2) @ self.q
        dx = 0
        for n, d in (('Wq', dq), ('Wk', dk), ('Wv', dv)):
            d = self.merge(d)
            self.g[n] = np.einsum('bti,btj->ij', self.x, d)
            dx = dx + d @ self.p[n].T
        return dx


class FeedForwardRepaired(ModuleRepaired):
    def __init__(self, d, hidden):
        super().__init__()
        self.p = {'W1': np.random.randn(d, hidden) / np.sqrt(d), 'b1': 0.1 * np.random.randn(hidden),
                  'W2': np.random.randn(hidden, d) / np.sqrt(hidden), 'b2': 0.1 * np.random.randn(d)}

    def forward(self, x):
        self.x = x
        self.z = x @ self.p['W1'] + self.p['b1']
        self.s = 1 / (1 + np.exp(-self.z))
        self.u = self.z * self.s                       # swish
        return self.u @ self.p['W2'] + self.p['b2']

    def backward(self, dy):
        du = dy @ self.p['W2'].T
        dz = du * (self.s + self.u * (1 - self.s))
        self.g = {'W2': np.einsum('bti,btj->ij', self.u, dy), 'b2': dy.sum((0, 1)),
                  'W1': np.einsum('bti,btj->ij', self.x, dz), 'b1': dz.sum((0, 1))}
        return dz @ self.p['W1'].T


class EncoderLayerRepaired:
    def __init__(self, d, heads, hidden):
        self.ln1, self.attn = NormRepaired(d), MultiHeadRepaired(d, heads)
        self.ln2, self.ff = NormRepaired(d), FeedForwardRepaired(d, hidden)

    def forward(self, x):
        x = x + self.attn.forward(self.ln1.forward(x))
        return x + self.ff.forward(self.ln2.forward(x))

    def backward(self, d):
        d = d + self.ln2.backward(self.ff.backward(d))
        return d + self.ln1.backward(self.attn.backward(d))


class EncoderRepaired:
    def __init__(self, d=6, heads=2, hidden=10, depth=2):
        self.layers = [EncoderLayerRepaired(d, heads, hidden) for _ in range(depth)]

    def forward(self, x):
        self.T = x.shape[1]
        for l in self.layers:
            x = l.forward(x)
        return x.mean(axis=1)

    def backward(self, d):
        d = np.repeat(d[:, None, :], self.T, axis=1) / self.T
        for l in self.layers[::-1]:
            d = l.backward(d)
        return d


def faulty():
    np.random.seed(1)
    return {"subject": Encoder(), "inputs": (np.random.randn(2, 5, 6),)}


def correct():
    np.random.seed(1)
    return {"subject": EncoderRepaired(), "inputs": (np.random.randn(2, 5, 6),)}
