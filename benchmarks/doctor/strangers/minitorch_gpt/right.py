"""A decoder-only language model on top of a PyTorch look-alike."""
import math

import numpy as np


class Parameter:
    def __init__(self, data):
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)


class Module:
    def parameters(self):
        for v in vars(self).values():
            if isinstance(v, Parameter):
                yield v
            elif isinstance(v, Module):
                yield from v.parameters()
            elif isinstance(v, list):
                for item in v:
                    if isinstance(item, Module):
                        yield from item.parameters()

    def zero_grad(self):
        for p in self.parameters():
            p.grad[...] = 0.0

    def __call__(self, *args):
        return self.forward(*args)


class Linear(Module):
    def __init__(self, in_features, out_features, rng):
        k = 1.0 / math.sqrt(in_features)
        self.weight = Parameter(rng.uniform(-k, k, (out_features, in_features)))
        self.bias = Parameter(np.zeros(out_features))

    def forward(self, x):
        self.x = x
        return x @ self.weight.data.T + self.bias.data

    def backward(self, g):
        g2, x2 = g.reshape(-1, g.shape[-1]), self.x.reshape(-1, self.x.shape[-1])
        self.weight.grad += g2.T @ x2
        self.bias.grad += g2.sum(0)
        return g @ self.weight.data


class Embedding(Module):
    def __init__(self, num, dim, rng):
        self.weight = Parameter(rng.normal(0, 0.1, (num, dim)))

    def forward(self, idx):
        self.idx = idx
        return self.weight.data[idx]

    def backward(self, g):
        np.add.at(self.weight.grad, self.idx, g)


class LayerNorm(Module):
    def __init__(self, dim, eps=1e-5):
        self.weight, self.bias, self.eps = Parameter(np.ones(dim)), Parameter(np.zeros(dim)), eps

    def forward(self, x):
        mu = x.mean(-1, keepdims=True)
        self.inv = 1.0 / np.sqrt(x.var(-1, keepdims=True) + self.eps)
        self.xhat = (x - mu) * self.inv
        return self.xhat * self.weight.data + self.bias.data

    def backward(self, g):
        axes = tuple(range(g.ndim - 1))
        self.weight.grad += (g * self.xhat).sum(axes)
        self.bias.grad += g.sum(axes)
        g = g * self.weight.data
        return self.inv * (g - g.mean(-1, keepdims=True) - self.xhat * (g * self.xhat).mean(-1, keepdims=True))


class CausalSelfAttention(Module):
    def __init__(self, dim, n_head, block_size, rng):
        self.qkv = Linear(dim, 3 * dim, rng)
        self.proj = Linear(dim, dim, rng)
        self.n_head = n_head
        self.visible = np.tril(np.ones((block_size, block_size), dtype=bool))

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.qkv(x).reshape(B, T, 3, self.n_head, -1).transpose(2, 0, 3, 1, 4)
        att = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
        att = np.where(self.visible[:T, :T], att, -1e9)
        att = np.exp(att - att.max(-1, keepdims=True))
        att /= att.sum(-1, keepdims=True)
        self.saved = q, k, v, att
        return self.proj((att @ v).transpose(0, 2, 1, 3).reshape(B, T, C))

    def backward(self, g):
        q, k, v, att = self.saved
        B, H, T, d = q.shape
        g = self.proj.backward(g).reshape(B, T, H, d).transpose(0, 2, 1, 3)
        dv = att.swapaxes(-1, -2) @ g
        da = g @ v.swapaxes(-1, -2)
        ds = att * (da - (da * att).sum(-1, keepdims=True)) / math.sqrt(d)
        dqkv = np.stack([ds @ k, ds.swapaxes(-1, -2) @ q, dv])
        return self.qkv.backward(dqkv.transpose(1, 3, 0, 2, 4).reshape(B, T, -1))


class MLP(Module):
    def __init__(self, dim, rng):
        self.fc = Linear(dim, 4 * dim, rng)
        self.proj = Linear(4 * dim, dim, rng)

    def forward(self, x):
        self.h = self.fc(x)
        return self.proj(self.h * (self.h > 0))

    def backward(self, g):
        return self.fc.backward(self.proj.backward(g) * (self.h > 0))


class Block(Module):
    def __init__(self, dim, n_head, block_size, rng):
        self.ln1, self.ln2 = LayerNorm(dim), LayerNorm(dim)
        self.attn = CausalSelfAttention(dim, n_head, block_size, rng)
        self.mlp = MLP(dim, rng)

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))

    def backward(self, g):
        g = g + self.ln2.backward(self.mlp.backward(g))
        return g + self.ln1.backward(self.attn.backward(g))


class GPT(Module):
    def __init__(self, vocab_size=13, block_size=16, dim=12, n_head=2, n_layer=2, seed=1337):
        rng = np.random.default_rng(seed)
        self.wte = Embedding(vocab_size, dim, rng)
        self.wpe = Embedding(block_size, dim, rng)
        self.blocks = [Block(dim, n_head, block_size, rng) for _ in range(n_layer)]
        self.ln_f = LayerNorm(dim)
        self.head = Linear(dim, vocab_size, rng)

    def forward(self, idx):
        x = self.wte(idx) + self.wpe(np.broadcast_to(np.arange(idx.shape[1]), idx.shape))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))

    def backward(self, g):
        g = self.ln_f.backward(self.head.backward(g))
        for block in reversed(self.blocks):
            g = block.backward(g)
        self.wte.backward(g)
        self.wpe.backward(g)


class CrossEntropyLoss:
    def __call__(self, logits, target):
        p = np.exp(logits - logits.max(-1, keepdims=True))
        self.p = p / p.sum(-1, keepdims=True)
        self.onehot = np.eye(logits.shape[-1])[target]
        return -np.log((self.p * self.onehot).sum(-1)).mean()

    def backward(self):
        return (self.p - self.onehot) / np.prod(self.onehot.shape[:-1])


class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr

    def step(self):
        for p in self.params:
            p.data -= self.lr * p.grad


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    model, criterion = GPT(), CrossEntropyLoss()
    optimizer = SGD(model.parameters(), lr=0.5)
    for it in range(100):
        start = rng.integers(0, 13, (16, 1))
        stride = rng.integers(1, 3, (16, 1))
        seq = (start + stride * np.arange(11)) % 13
        model.zero_grad()
        loss = criterion(model(seq[:, :-1]), seq[:, 1:])
        model.backward(criterion.backward())
        optimizer.step()
        if it % 25 == 0:
            print(f"{it:4d} {loss:.4f}")
