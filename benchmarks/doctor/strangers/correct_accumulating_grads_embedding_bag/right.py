import numpy as np


class P:
    """a parameter; gradients add up until zero()"""
    def __init__(self, v):
        self.data = v
        self.grad = np.zeros_like(v)

    def zero(self):
        self.grad[...] = 0


class EmbeddingBag:
    def __init__(self, v, d, g):
        self.table = P(g.normal(size=(v, d)))

    def __call__(self, ids, weights):
        self.ids, self.weights = ids, weights
        return np.einsum("bl,bld->bd", weights, self.table.data[ids])

    def backward(self, dy):
        np.add.at(self.table.grad, self.ids, self.weights[:, :, None] * dy[:, None, :])
        return np.einsum("bd,bld->bl", dy, self.table.data[self.ids])


class FC:
    def __init__(self, i, o, g):
        self.w, self.b = P(g.normal(size=(i, o)) / i ** 0.5), P(g.normal(size=o) * 0.1)

    def __call__(self, x):
        self.x = x
        return x @ self.w.data + self.b.data

    def backward(self, dy):
        self.w.grad += self.x.T @ dy
        self.b.grad += dy.sum(0)
        return dy @ self.w.data.T


class BagOfWords:
    def __init__(self, v=9, d=4, k=3, seed=0):
        g = np.random.default_rng(seed)
        self.bag, self.fc = EmbeddingBag(v, d, g), FC(d, k, g)

    def parameters(self):
        return [self.bag.table, self.fc.w, self.fc.b]

    def zero_grad(self):
        for p in self.parameters():
            p.zero()

    def forward(self, ids, weights):
        return self.fc(self.bag(ids, weights))

    def backward(self, dy):
        return None, self.bag.backward(self.fc.backward(dy))


if __name__ == "__main__":
    r = np.random.default_rng(0)
    net = BagOfWords()
    ids, w, y = r.integers(0, 9, (30, 5)), r.random((30, 5)), r.integers(0, 3, 30)
    for it in range(100):
        net.zero_grad()
        for part in np.array_split(np.arange(30), 3):
            z = net.forward(ids[part], w[part])
            p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
            net.backward((p - np.eye(3)[y[part]]) / 30)
        for q in net.parameters():
            q.data -= 0.5 * q.grad
