import numpy as np


class Param:
    def __init__(self, value, decay=True):
        self.value = value
        self.grad = np.zeros_like(value)
        self.decay = decay


class AdamW:
    def __init__(self, params, lr=5e-3, wd=1e-2):
        self.params, self.lr, self.wd = list(params), lr, wd
        self.state = [(np.zeros_like(p.value), np.zeros_like(p.value)) for p in self.params]
        self.n = 0

    def step(self):
        self.n += 1
        c1, c2 = 1 - 0.9 ** self.n, 1 - 0.999 ** self.n
        for p, (m, v) in zip(self.params, self.state):
            m += 0.1 * (p.grad - m)
            v += 0.001 * (p.grad ** 2 - v)
            if p.decay:
                p.value *= 1 - self.lr * self.wd
            p.value -= self.lr / c1 * m / (np.sqrt(v / c2) + 1e-8)


class SwishMLP:
    def __init__(self, sizes, seed=0):
        rng = np.random.default_rng(seed)
        self.W = [Param(rng.normal(size=(a, b)) * a ** -0.5) for a, b in zip(sizes, sizes[1:])]
        self.b = [Param(np.zeros(b), decay=False) for b in sizes[1:]]
        self.optim = AdamW(self.W + self.b)

    def forward(self, x):
        self.saved = []
        for k, (W, b) in enumerate(zip(self.W, self.b)):
            z = x @ W.value + b.value
            s = 1 / (1 + np.exp(-z))
            self.saved.append((x, z, s))
            x = z * s if k < len(self.W) - 1 else z
        return x

    def backward(self, g):
        for k in range(len(self.W) - 1, -1, -1):
            x, z, s = self.saved[k]
            if k < len(self.W) - 1:
                g = g * (s + z * s * (1 - s))
            self.W[k].grad = x.T @ g
            self.b[k].grad = g.sum(axis=0)
            g = g @ self.W[k].value.T
        return g

    def train_on_batch(self, x, y):
        out = self.forward(x)
        r = out - y
        self.backward(2 * r / r.size)
        self.optim.step()
        return np.mean(r * r)
