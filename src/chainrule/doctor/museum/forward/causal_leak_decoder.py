"""A decoder-only stack; the scores that must vanish are filled with 1e-9 and not with -1e9.

Symptom: training loss is too good, the model cannot continue a text.
Repair: fill with a large negative number before the softmax.
"""
import numpy as np

CODES = ("causal-leak",)
PLACES = ("x", "", "blocks.0.attention", "blocks.1.attention", "blocks[0].attention", "blocks[1].attention",
          "blocks.0", "blocks.1", "blocks[0]", "blocks[1]")


class LayerNorm:
    def __init__(self, dim, rng, eps=1e-5):
        self.gamma = 1.0 + 0.1 * rng.normal(size=dim)
        self.beta = 0.1 * rng.normal(size=dim)
        self.eps = eps

    def forward(self, x):
        centered = x - x.mean(axis=-1, keepdims=True)
        self.inv_std = 1.0 / np.sqrt((centered ** 2).mean(axis=-1, keepdims=True) + self.eps)
        self.normed = centered * self.inv_std
        return self.gamma * self.normed + self.beta

    def backward(self, grad):
        self.grad_gamma = (grad * self.normed).sum(axis=(0, 1))
        self.grad_beta = grad.sum(axis=(0, 1))
        g = grad * self.gamma
        mean_g = g.mean(axis=-1, keepdims=True)
        mean_gn = (g * self.normed).mean(axis=-1, keepdims=True)
        return self.inv_std * (g - mean_g - self.normed * mean_gn)


class FeedForward:
    def __init__(self, dim, hidden, rng):
        self.W1 = rng.normal(size=(dim, hidden)) / np.sqrt(dim)
        self.W2 = rng.normal(size=(hidden, dim)) / np.sqrt(hidden)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W1)
        return self.h @ self.W2

    def backward(self, grad):
        self.grad_W2 = np.einsum("bth,btd->hd", self.h, grad)
        dz = grad @ self.W2.T * (1.0 - self.h ** 2)
        self.grad_W1 = np.einsum("btd,bth->dh", self.x, dz)
        return dz @ self.W1.T


class Attention:
    def __init__(self, dim, rng):
        self.W_query = rng.normal(size=(dim, dim)) / np.sqrt(dim)
        self.W_key = rng.normal(size=(dim, dim)) / np.sqrt(dim)
        self.W_value = rng.normal(size=(dim, dim)) / np.sqrt(dim)

    def forward(self, x):
        self.x = x
        t = x.shape[1]
        self.q, self.k, self.v = x @ self.W_query, x @ self.W_key, x @ self.W_value
        scores = np.einsum("bqd,bkd->bqk", self.q, self.k) / np.sqrt(x.shape[-1])
        self.allowed = np.tril(np.ones((t, t), dtype=bool))
        scores = np.where(self.allowed, scores, 1e-9)  # FAULT
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p @ self.v

    def backward(self, grad):
        dp = np.einsum("bqd,bkd->bqk", grad, self.v)
        dv = np.einsum("bqk,bqd->bkd", self.p, grad)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True))
        ds = np.where(self.allowed, ds, 0.0) / np.sqrt(self.x.shape[-1])
        dq = ds @ self.k
        dk = np.einsum("bqk,bqd->bkd", ds, self.q)
        self.grad_W_query = np.einsum("bti,btj->ij", self.x, dq)
        self.grad_W_key = np.einsum("bti,btj->ij", self.x, dk)
        self.grad_W_value = np.einsum("bti,btj->ij", self.x, dv)
        return dq @ self.W_query.T + dk @ self.W_key.T + dv @ self.W_value.T


class DecoderBlock:
    def __init__(self, dim, hidden, rng):
        self.norm1, self.norm2 = LayerNorm(dim, rng), LayerNorm(dim, rng)
        self.attention = Attention(dim, rng)
        self.mlp = FeedForward(dim, hidden, rng)

    def forward(self, x):
        x = x + self.attention.forward(self.norm1.forward(x))
        return x + self.mlp.forward(self.norm2.forward(x))

    def backward(self, grad):
        grad = grad + self.norm2.backward(self.mlp.backward(grad))
        return grad + self.norm1.backward(self.attention.backward(grad))


class TinyDecoder:
    def __init__(self, dim, hidden, depth, rng):
        self.blocks = [DecoderBlock(dim, hidden, rng) for _ in range(depth)]

    def forward(self, x):
        for block in self.blocks:
            x = block.forward(x)
        return x

    def backward(self, grad):
        for block in reversed(self.blocks):
            grad = block.backward(grad)
        return grad


class AttentionRepaired:
    def __init__(self, dim, rng):
        self.W_query = rng.normal(size=(dim, dim)) / np.sqrt(dim)
        self.W_key = rng.normal(size=(dim, dim)) / np.sqrt(dim)
        self.W_value = rng.normal(size=(dim, dim)) / np.sqrt(dim)

    def forward(self, x):
        self.x = x
        t = x.shape[1]
        self.q, self.k, self.v = x @ self.W_query, x @ self.W_key, x @ self.W_value
        scores = np.einsum("bqd,bkd->bqk", self.q, self.k) / np.sqrt(x.shape[-1])
        self.allowed = np.tril(np.ones((t, t), dtype=bool))
        scores = np.where(self.allowed, scores, -1e9)
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p @ self.v

    def backward(self, grad):
        dp = np.einsum("bqd,bkd->bqk", grad, self.v)
        dv = np.einsum("bqk,bqd->bkd", self.p, grad)
        ds = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True))
        ds = np.where(self.allowed, ds, 0.0) / np.sqrt(self.x.shape[-1])
        dq = ds @ self.k
        dk = np.einsum("bqk,bqd->bkd", ds, self.q)
        self.grad_W_query = np.einsum("bti,btj->ij", self.x, dq)
        self.grad_W_key = np.einsum("bti,btj->ij", self.x, dk)
        self.grad_W_value = np.einsum("bti,btj->ij", self.x, dv)
        return dq @ self.W_query.T + dk @ self.W_key.T + dv @ self.W_value.T


class DecoderBlockRepaired:
    def __init__(self, dim, hidden, rng):
        self.norm1, self.norm2 = LayerNorm(dim, rng), LayerNorm(dim, rng)
        self.attention = AttentionRepaired(dim, rng)
        self.mlp = FeedForward(dim, hidden, rng)

    def forward(self, x):
        x = x + self.attention.forward(self.norm1.forward(x))
        return x + self.mlp.forward(self.norm2.forward(x))

    def backward(self, grad):
        grad = grad + self.norm2.backward(self.mlp.backward(grad))
        return grad + self.norm1.backward(self.attention.backward(grad))


class TinyDecoderRepaired:
    def __init__(self, dim, hidden, depth, rng):
        self.blocks = [DecoderBlockRepaired(dim, hidden, rng) for _ in range(depth)]

    def forward(self, x):
        for block in self.blocks:
            x = block.forward(x)
        return x

    def backward(self, grad):
        for block in reversed(self.blocks):
            grad = block.backward(grad)
        return grad


def faulty():
    rng = np.random.default_rng(8)
    model = TinyDecoder(5, 7, 2, rng)
    return {"subject": model, "inputs": (rng.normal(size=(2, 4, 5)),), "intent": {"causal"}}


def correct():
    rng = np.random.default_rng(8)
    model = TinyDecoderRepaired(5, 7, 2, rng)
    return {"subject": model, "inputs": (rng.normal(size=(2, 4, 5)),), "intent": {"causal"}}
