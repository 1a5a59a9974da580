"""Post-norm Transformer encoder for sentence classification.

Each layer updates its own parameters in backward(grad, lr), plain SGD.
"""
import numpy as np

rng = np.random.default_rng(42)


def xavier(a, b):
    return rng.uniform(-1, 1, (a, b)) * np.sqrt(6 / (a + b))


def softmax(s):
    s = np.exp(s - s.max(axis=-1, keepdims=True))
    return s / s.sum(axis=-1, keepdims=True)


class SelfAttention:
    def __init__(self, d_model, n_heads):
        assert d_model % n_heads == 0
        self.h, self.dk = n_heads, d_model // n_heads
        self.Wq, self.Wk, self.Wv, self.Wo = (xavier(d_model, d_model) for _ in range(4))

    def _split(self, x):
        b, t, _ = x.shape
        return x.reshape(b, t, self.h, self.dk).transpose(0, 2, 1, 3)

    def _merge(self, x):
        b, h, t, d = x.shape
        return x.transpose(0, 2, 1, 3).reshape(b, t, h * d)

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = self._split(x @ self.Wq), self._split(x @ self.Wk), self._split(x @ self.Wv)
        self.a = softmax(self.q @ self.k.transpose(0, 1, 3, 2) / np.sqrt(self.dk))
        self.ctx = self._merge(self.a @ self.v)
        return self.ctx @ self.Wo

    def backward(self, grad, lr):
        dWo = np.einsum('btd,bte->de', self.ctx, grad)
        dctx = self._split(grad @ self.Wo.T)
        da = dctx @ self.v.transpose(0, 1, 3, 2)
        dv = self._merge(self.a.transpose(0, 1, 3, 2) @ dctx)
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) / np.sqrt(self.dk)
        dq = self._merge(ds @ self.k)
        dk = self._merge(ds.transpose(0, 1, 3, 2) @ self.q)
        dx = dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T
        self.Wq -= lr * np.einsum('btd,bte->de', self.x, dq)
        self.Wk -= lr * np.einsum('btd,bte->de', self.x, dk)
        self.Wv -= lr * np.einsum('btd,bte->de', self.x, dv)
        self.Wo -= lr * dWo
        return dx


class FeedForward:
    def __init__(self, d_model, d_ff):
        self.W1, self.b1 = xavier(d_model, d_ff), np.zeros(d_ff)
        self.W2, self.b2 = xavier(d_ff, d_model), np.zeros(d_model)

    def forward(self, x):
        self.x = x
        self.hidden = np.maximum(0, x @ self.W1 + self.b1)
        return self.hidden @ self.W2 + self.b2

    def backward(self, grad, lr):
        dW2 = np.tensordot(self.hidden, grad, axes=([0, 1], [0, 1]))
        dhidden = grad @ self.W2.T
        self.W2 -= lr * dW2
        self.b2 -= lr * grad.sum(axis=(0, 1))
        dhidden = dhidden * (self.hidden > 0)
        dW1 = np.tensordot(self.x, dhidden, axes=([0, 1], [0, 1]))
        dx = dhidden @ self.W1.T
        self.W1 -= lr * dW1
        self.b1 -= lr * dhidden.sum(axis=(0, 1))
        return dx


class LayerNorm:
    def __init__(self, d, eps=1e-6):
        self.gamma, self.beta, self.eps = np.ones(d), np.zeros(d), eps

    def forward(self, x):
        self.std = np.sqrt(x.var(axis=-1, keepdims=True) + self.eps)
        self.xn = (x - x.mean(axis=-1, keepdims=True)) / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, grad, lr):
        gx = grad * self.gamma
        dx = (gx - gx.mean(-1, keepdims=True) - self.xn * (gx * self.xn).mean(-1, keepdims=True)) / self.std
        self.gamma -= lr * (grad * self.xn).sum(axis=(0, 1))
        self.beta -= lr * grad.sum(axis=(0, 1))
        return dx


class EncoderLayer:
    def __init__(self, d_model, n_heads, d_ff):
        self.attn, self.norm1 = SelfAttention(d_model, n_heads), LayerNorm(d_model)
        self.ff, self.norm2 = FeedForward(d_model, d_ff), LayerNorm(d_model)

    def forward(self, x):
        x = self.norm1.forward(x + self.attn.forward(x))
        return self.norm2.forward(x + self.ff.forward(x))

    def backward(self, grad, lr):
        grad = self.norm2.backward(grad, lr)
        grad = grad + self.ff.backward(grad, lr)
        grad = self.norm1.backward(grad, lr)
        return grad + self.attn.backward(grad, lr)


class MeanPoolClassifier:
    def __init__(self, d_model, n_classes):
        self.W, self.b = xavier(d_model, n_classes), np.zeros(n_classes)

    def forward(self, x):
        self.T = x.shape[1]
        self.m = x.mean(axis=1)
        return self.m @ self.W + self.b

    def backward(self, grad, lr):
        dm = grad @ self.W.T
        self.W -= lr * self.m.T @ grad
        self.b -= lr * grad.sum(axis=0)
        return np.repeat(dm[:, None, :], self.T, axis=1) / self.T


class TextEncoder:
    def __init__(self, d_model=8, n_heads=2, d_ff=20, n_layers=2, n_classes=3):
        self.layers = [EncoderLayer(d_model, n_heads, d_ff) for _ in range(n_layers)]
        self.head = MeanPoolClassifier(d_model, n_classes)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return self.head.forward(x)

    def backward(self, grad, lr=0.01):
        grad = self.head.backward(grad, lr)
        for layer in reversed(self.layers):
            grad = layer.backward(grad, lr)
        return grad


def main():
    labels = rng.integers(0, 3, 240)
    vectors = rng.normal(size=(3, 8))
    X = rng.normal(size=(240, 7, 8))
    where = rng.integers(0, 7, 240)
    X[np.arange(240), where] += 3 * vectors[labels]
    net = TextEncoder()
    for epoch in range(10):
        hits = 0
        for s in range(0, 240, 24):
            xb, yb = X[s:s + 24], labels[s:s + 24]
            p = softmax(net.forward(xb))
            hits += (p.argmax(1) == yb).sum()
            net.backward((p - np.eye(3)[yb]) / 24, lr=0.1)
        print('epoch', epoch, 'accuracy', hits / 240)


if __name__ == '__main__':
    main()
