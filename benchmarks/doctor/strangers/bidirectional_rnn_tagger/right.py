"""Part-of-speech tagging with a bidirectional Elman network. Homework 4, group 11."""
import numpy as np


class Embedding:
    def __init__(self, n_words, dim, rng):
        self.E = rng.normal(0, 1, (n_words, dim))

    def forward(self, ids):
        self.ids = ids
        return self.E[ids]

    def backward(self, dout):
        dE = np.zeros_like(self.E)
        np.add.at(dE, self.ids, dout)
        self.dE = dE


class Direction:
    """One reading direction; `order` yields the time steps in reading order."""

    def __init__(self, dim, hidden, reverse, rng):
        self.U = rng.normal(0, dim ** -0.5, (dim, hidden))
        self.R = rng.normal(0, 0.8 * hidden ** -0.5, (hidden, hidden))
        self.b = rng.normal(0, 0.1, hidden)
        self.reverse = reverse

    def order(self, T):
        return range(T - 1, -1, -1) if self.reverse else range(T)

    def forward(self, x):
        B, T, _ = x.shape
        h = np.zeros((B, len(self.b)))
        out = np.zeros((B, T, len(self.b)))
        self.prev = np.zeros_like(out)
        self.x = x
        for t in self.order(T):
            self.prev[:, t] = h
            h = np.tanh(x[:, t] @ self.U + h @ self.R + self.b)
            out[:, t] = h
        self.out = out
        return out

    def backward(self, dout):
        B, T, _ = dout.shape
        dx = np.zeros_like(self.x)
        self.dU, self.dR, self.db = np.zeros_like(self.U), np.zeros_like(self.R), np.zeros_like(self.b)
        dh = np.zeros((B, len(self.b)))
        for t in reversed(self.order(T)):
            dz = (dout[:, t] + dh) * (1 - self.out[:, t] ** 2)
            self.dU += self.x[:, t].T @ dz
            self.dR += self.prev[:, t].T @ dz
            self.db += dz.sum(axis=0)
            dx[:, t] = dz @ self.U.T
            dh = dz @ self.R.T
        return dx


class Output:
    def __init__(self, n_in, n_tags, rng):
        self.V = rng.normal(0, n_in ** -0.5, (n_in, n_tags))
        self.c = np.zeros(n_tags)

    def forward(self, h):
        self.h = h
        return h @ self.V + self.c

    def backward(self, dout):
        self.dV = np.tensordot(self.h, dout, axes=([0, 1], [0, 1]))
        self.dc = dout.sum(axis=(0, 1))
        return dout @ self.V.T


class Tagger:
    def __init__(self, n_words=10, n_tags=4, dim=3, hidden=5, seed=0):
        rng = np.random.default_rng(seed)
        self.emb = Embedding(n_words, dim, rng)
        self.left = Direction(dim, hidden, False, rng)
        self.right = Direction(dim, hidden, True, rng)
        self.output = Output(2 * hidden, n_tags, rng)
        self.hidden = hidden

    def forward(self, ids):
        x = self.emb.forward(ids)
        h = np.concatenate([self.left.forward(x), self.right.forward(x)], axis=2)
        return self.output.forward(h)

    def backward(self, dout):
        dh = self.output.backward(dout)
        dx = self.left.backward(dh[:, :, :self.hidden]) + self.right.backward(dh[:, :, self.hidden:])
        self.emb.backward(dx)


def tag_loss(scores, tags):
    s = scores - scores.max(axis=2, keepdims=True)
    logp = s - np.log(np.exp(s).sum(axis=2, keepdims=True))
    b, t = np.indices(tags.shape)
    return -logp[b, t, tags].sum() / len(tags)


def tag_loss_grad(scores, tags):
    s = np.exp(scores - scores.max(axis=2, keepdims=True))
    p = s / s.sum(axis=2, keepdims=True)
    b, t = np.indices(tags.shape)
    p[b, t, tags] -= 1
    return p / len(tags)


def sgd(tagger, lr):
    for part, names in ((tagger.emb, "E"), (tagger.left, "URb"), (tagger.right, "URb"), (tagger.output, "Vc")):
        for n in names:
            w = getattr(part, n)
            w -= lr * getattr(part, "d" + n)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    words = rng.integers(0, 10, (50, 7))
    nxt = np.roll(words, -1, axis=1)
    tags = 2 * (words % 2) + nxt % 2
    net = Tagger(hidden=12)
    for epoch in range(150):
        scores = net.forward(words)
        net.backward(tag_loss_grad(scores, tags))
        sgd(net, 0.05)
    print("accuracy", (scores.argmax(2) == tags).mean())
