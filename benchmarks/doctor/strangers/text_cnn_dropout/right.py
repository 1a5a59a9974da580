"""Sentence classification with a 1-D CNN (Kim style), numpy only, small torch-like classes"""
import numpy as np


class Module:
    training = True

    def children(self):
        for v in self.__dict__.values():
            if isinstance(v, Module):
                yield v
            elif isinstance(v, (list, tuple)):
                yield from (m for m in v if isinstance(m, Module))

    def train(self, mode=True):
        self.training = mode
        for m in self.children():
            m.train(mode)
        return self

    def eval(self):
        return self.train(False)

    def __call__(self, *a):
        return self.forward(*a)


class Embedding(Module):
    def __init__(self, n, d, rng):
        self.weight = rng.normal(0, 0.3, (n, d))

    def forward(self, ids):
        self.ids = ids
        return self.weight[ids]

    def backward(self, g):
        self.weight_grad = np.zeros_like(self.weight)
        np.add.at(self.weight_grad, self.ids, g)


class Conv1d(Module):
    """(B, T, C) -> (B, T - k + 1, F), no padding"""

    def __init__(self, c, f, k, rng):
        self.weight = rng.normal(0, 1 / np.sqrt(c * k), (k, c, f))
        self.bias = np.zeros(f)

    def forward(self, x):
        self.x = x
        k = len(self.weight)
        n = x.shape[1] - k + 1
        return sum(x[:, i:i + n] @ self.weight[i] for i in range(k)) + self.bias

    def backward(self, g):
        k, n = len(self.weight), g.shape[1]
        self.weight_grad = np.stack([np.einsum("btc,btf->cf", self.x[:, i:i + n], g) for i in range(k)])
        self.bias_grad = g.sum((0, 1))
        dx = np.zeros_like(self.x)
        for i in range(k):
            dx[:, i:i + n] += g @ self.weight[i].T
        return dx


class MaxOverTime(Module):
    def forward(self, x):
        self.shape, self.arg = x.shape, x.argmax(1)
        return x.max(1)

    def backward(self, g):
        dx = np.zeros(self.shape)
        np.put_along_axis(dx, self.arg[:, None, :], g[:, None, :], axis=1)
        return dx


class Dropout(Module):
    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x):
        if not self.training:
            self.mask = np.ones_like(x)
        else:
            self.mask = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, g):
        return g * self.mask


class Linear(Module):
    def __init__(self, i, o, rng):
        self.weight, self.bias = rng.normal(0, 1 / np.sqrt(i), (i, o)), np.zeros(o)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, g):
        self.weight_grad, self.bias_grad = self.x.T @ g, g.sum(0)
        return g @ self.weight.T


class TextCNN(Module):
    def __init__(self, vocab=40, dim=12, filters=8, widths=(2, 3), classes=2, p=0.5, seed=0):
        rng = np.random.default_rng(seed)
        self.embed = Embedding(vocab, dim, rng)
        self.convs = [Conv1d(dim, filters, k, rng) for k in widths]
        self.pools = [MaxOverTime() for _ in widths]
        self.dropout = Dropout(p, np.random.default_rng(seed + 1))
        self.fc = Linear(filters * len(widths), classes, rng)

    def forward(self, ids):
        x = self.embed(ids)
        self.acts = [np.maximum(conv(x), 0) for conv in self.convs]
        feats = np.concatenate([pool(a) for pool, a in zip(self.pools, self.acts)], axis=1)
        return self.fc(self.dropout(feats))

    def backward(self, g):
        g = self.dropout.backward(self.fc.backward(g))
        dx = 0
        for conv, pool, a, part in zip(self.convs, self.pools, self.acts, np.split(g, len(self.convs), axis=1)):
            dx = dx + conv.backward(pool.backward(part) * (a > 0))
        self.embed.backward(dx)

    def layers(self):
        return [self.embed, *self.convs, self.fc]


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def accuracy(model, X, y):
    model.eval()
    acc = (model(X).argmax(1) == y).mean()
    model.train()
    return acc


def fake_reviews(n, rng):
    y = rng.integers(0, 2, n)
    X = rng.integers(10, 40, (n, 12))
    at = rng.integers(0, 11, n)
    X[np.arange(n), at] = rng.integers(0, 3, n)
    X[np.arange(n), at + 1] = 3 + 3 * y + rng.integers(0, 3, n)
    return X, y


if __name__ == "__main__":
    rng = np.random.default_rng(7)
    X, y = fake_reviews(400, rng)
    Xv, yv = fake_reviews(100, rng)
    model = TextCNN()
    for epoch in range(8):
        for b in np.array_split(rng.permutation(len(X)), 16):
            p = softmax(model(X[b]))
            p[np.arange(len(b)), y[b]] -= 1
            model.backward(p / len(b))
            for layer in model.layers():
                layer.weight -= 0.5 * layer.weight_grad
                if hasattr(layer, "bias"):
                    layer.bias -= 0.5 * layer.bias_grad
        print("epoch", epoch, "train", accuracy(model, X, y), "valid", accuracy(model, Xv, yv))
