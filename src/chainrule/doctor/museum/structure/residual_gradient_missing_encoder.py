"""Post-norm Transformer encoder classifier (course notebook), two layers, updates itself in backward.

Symptom: one layer learns; with two layers the gradient that reaches the embedding is tiny.
Repair: in the feed-forward sub-layer, the norm's gradient also flows past the two matrices.
"""
import numpy as np

CODES = ("residual-gradient-missing",)
PLACES = ("stack.0.ffn", "stack.1.ffn", "stack.0", "stack.1")


class LayerNorm:
    def __init__(self, d):
        self.gamma = np.random.uniform(0.7, 1.4, d)
        self.beta = np.random.uniform(-0.2, 0.2, d)

    def forward(self, x):
        mu, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        self.std = np.sqrt(var + 1e-6)
        self.xhat = (x - mu) / self.std
        return self.gamma * self.xhat + self.beta

    def backward(self, dout, lr):
        dxhat = dout * self.gamma
        dx = (dxhat - dxhat.mean(-1, keepdims=True) - self.xhat * (dxhat * self.xhat).mean(-1, keepdims=True)) / self.std
        self.gamma -= lr * (dout * self.xhat).sum((0, 1))
        self.beta -= lr * dout.sum((0, 1))
        return dx


class SelfAttentionSublayer:
    def __init__(self, d):
        self.wq = np.random.randn(d, d) * 0.4
        self.wk = np.random.randn(d, d) * 0.4
        self.wv = np.random.randn(d, d) * 0.4
        self.norm = LayerNorm(d)

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.wq, x @ self.wk, x @ self.wv
        s = self.q @ self.k.transpose(0, 2, 1) / np.sqrt(x.shape[-1])
        e = np.exp(s - s.max(-1, keepdims=True))
        self.p = e / e.sum(-1, keepdims=True)
        return self.norm.forward(x + self.p @ self.v)

    def backward(self, dout, lr):
        dsum = self.norm.backward(dout, lr)
        dv = self.p.transpose(0, 2, 1) @ dsum
        dp = dsum @ self.v.transpose(0, 2, 1)
        ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True)) / np.sqrt(self.x.shape[-1])
        dq, dk = ds @ self.k, ds.transpose(0, 2, 1) @ self.q
        dx = dsum + dq @ self.wq.T + dk @ self.wk.T + dv @ self.wv.T
        self.wq -= lr * np.einsum('bti,btj->ij', self.x, dq)
        self.wk -= lr * np.einsum('bti,btj->ij', self.x, dk)
        self.wv -= lr * np.einsum('bti,btj->ij', self.x, dv)
        return dx


class FeedForwardSublayer:
    def __init__(self, d, hidden):
        self.w1 = np.random.randn(d, hidden) * 0.4
        self.w2 = np.random.randn(hidden, d) * 0.4
        self.norm = LayerNorm(d)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.w1)
        return self.norm.forward(x + self.h @ self.w2)

    def backward(self, dout, lr):
        dsum = self.norm.backward(dout, lr)
        dh = (dsum @ self.w2.T) * (1 - self.h ** 2)
        dx = dh @ self.w1.T  # FAULT
        self.w2 -= lr * np.einsum('bth,btd->hd', self.h, dsum)
        self.w1 -= lr * np.einsum('btd,bth->dh', self.x, dh)
        return dx


class EncoderLayer:
    def __init__(self, d, hidden):
        self.att = SelfAttentionSublayer(d)
        self.ffn = FeedForwardSublayer(d, hidden)

    def forward(self, x):
        return self.ffn.forward(self.att.forward(x))

    def backward(self, dout, lr):
        return self.att.backward(self.ffn.backward(dout, lr), lr)


class TransformerEncoder:
    def __init__(self, d=5, hidden=8, n_layers=2, classes=3):
        self.stack = [EncoderLayer(d, hidden) for _ in range(n_layers)]
        self.w_cls = np.random.randn(d, classes) * 0.4

    def forward(self, x):
        for layer in self.stack:
            x = layer.forward(x)
        self.top = x
        return x[:, 0] @ self.w_cls          # first token votes

    def backward(self, dlogits, lr=0.01):
        d = np.zeros_like(self.top)
        d[:, 0] = dlogits @ self.w_cls.T
        self.w_cls -= lr * self.top[:, 0].T @ dlogits
        for layer in self.stack[::-1]:
            d = layer.backward(d, lr)
        return d


class LayerNormRepaired:
    def __init__(self, d):
        self.gamma = np.random.uniform(0.7, 1.4, d)
        self.beta = np.random.uniform(-0.2, 0.2, d)

    def forward(self, x):
        mu, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        self.std = np.sqrt(var + 1e-6)
        self.xhat = (x - mu) / self.std
        return self.gamma * self.xhat + self.beta

    def backward(self, dout, lr):
        dxhat = dout * self.gamma
        dx = (dxhat - dxhat.mean(-1, keepdims=True) - self.xhat * (dxhat * self.xhat).mean(-1, keepdims=True)) / self.std
        self.gamma -= lr * (dout * self.xhat).sum((0, 1))
        self.beta -= lr * dout.sum((0, 1))
        return dx


class SelfAttentionSublayerRepaired:
    def __init__(self, d):
        self.wq = np.random.randn(d, d) * 0.4
        self.wk = np.random.randn(d, d) * 0.4
        self.wv = np.random.randn(d, d) * 0.4
        self.norm = LayerNormRepaired(d)

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.wq, x @ self.wk, x @ self.wv
        s = self.q @ self.k.transpose(0, 2, 1) / np.sqrt(x.shape[-1])
        e = np.exp(s - s.max(-1, keepdims=True))
        self.p = e / e.sum(-1, keepdims=True)
        return self.norm.forward(x + self.p @ self.v)

    def backward(self, dout, lr):
        dsum = self.norm.backward(dout, lr)
        dv = self.p.transpose(0, 2, 1) @ dsum
        dp = dsum @ self.v.transpose(0, 2, 1)
        ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True)) / np.sqrt(self.x.shape[-1])
        dq, dk = ds @ self.k, ds.transpose(0, 2, 1) @ self.q
        dx = dsum + dq @ self.wq.T + dk @ self.wk.T + dv @ self.wv.T
        self.wq -= lr * np.einsum('bti,btj->ij', self.x, dq)
        self.wk -= lr * np.einsum('bti,btj->ij', self.x, dk)
        self.wv -= lr * np.einsum('bti,btj->ij', self.x, dv)
        return dx


class FeedForwardSublayerRepaired:
    def __init__(self, d, hidden):
        self.w1 = np.random.randn(d, hidden) * 0.4
        self.w2 = np.random.randn(hidden, d) * 0.4
        self.norm = LayerNormRepaired(d)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.w1)
        return self.norm.forward(x + self.h @ self.w2)

    def backward(self, dout, lr):
        dsum = self.norm.backward(dout, lr)
        dh = (dsum @ self.w2.T) * (1 - self.h ** 2)
        dx = dsum + dh @ self.w1.T
        self.w2 -= lr * np.einsum('bth,btd->hd', self.h, dsum)
        self.w1 -= lr * np.einsum('btd,bth->dh', self.x, dh)
        return dx


class EncoderLayerRepaired:
    def __init__(self, d, hidden):
        self.att = SelfAttentionSublayerRepaired(d)
        self.ffn = FeedForwardSublayerRepaired(d, hidden)

    def forward(self, x):
        return self.ffn.forward(self.att.forward(x))

    def backward(self, dout, lr):
        return self.att.backward(self.ffn.backward(dout, lr), lr)


class TransformerEncoderRepaired:
    def __init__(self, d=5, hidden=8, n_layers=2, classes=3):
        self.stack = [EncoderLayerRepaired(d, hidden) for _ in range(n_layers)]
        self.w_cls = np.random.randn(d, classes) * 0.4

    def forward(self, x):
        for layer in self.stack:
            x = layer.forward(x)
        self.top = x
        return x[:, 0] @ self.w_cls          # first token votes

    def backward(self, dlogits, lr=0.01):
        d = np.zeros_like(self.top)
        d[:, 0] = dlogits @ self.w_cls.T
        self.w_cls -= lr * self.top[:, 0].T @ dlogits
        for layer in self.stack[::-1]:
            d = layer.backward(d, lr)
        return d


def faulty():
    np.random.seed(8)
    return {"subject": TransformerEncoder(), "inputs": (np.random.randn(2, 4, 5),)}


def correct():
    np.random.seed(8)
    return {"subject": TransformerEncoderRepaired(), "inputs": (np.random.randn(2, 4, 5),)}
