"""Highway network, classification. The last layer returns probabilities; its backward expects (p - y), the
gradient that the cross-entropy gives for softmax and loss together."""
import numpy as np


class Highway:
    def __init__(self, n, rng):
        self.Wh, self.bh = rng.normal(0, n ** -0.5, (n, n)), np.zeros(n)
        self.Wt, self.bt = rng.normal(0, n ** -0.5, (n, n)), np.full(n, -1.0)

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.Wh + self.bh)
        self.t = 1 / (1 + np.exp(-(x @ self.Wt + self.bt)))
        return self.t * self.h + (1 - self.t) * x

    def backward(self, g):
        dh = g * self.t * (1 - self.h ** 2)
        dt = g * (self.h - self.x) * self.t * (1 - self.t)
        self.dWh, self.dbh = self.x.T @ dh, dh.sum(0)
        self.dWt, self.dbt = self.x.T @ dt, dt.sum(0)
        return g * (1 - self.t) + dh @ self.Wh.T + dt @ self.Wt.T


class Classify:
    def __init__(self, n, k, rng):
        self.W, self.b = rng.normal(0, n ** -0.5, (n, k)), np.zeros(k)

    def forward(self, x):
        self.x = x
        s = x @ self.W + self.b
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def backward(self, p_minus_y):
        self.dW, self.db = self.x.T @ p_minus_y, p_minus_y.sum(0)
        return p_minus_y @ self.W.T


class HighwayNet:
    def __init__(self, n=6, k=3, depth=3, seed=0):
        rng = np.random.default_rng(seed)
        self.layers = [Highway(n, rng) for _ in range(depth)] + [Classify(n, k, rng)]

    def forward(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def backward(self, g):
        for l in self.layers[::-1]:
            g = l.backward(g)
        return g


def xent(p, y):
    return -np.mean(np.log(p[np.arange(len(y)), y] + 1e-12))


def xent_softmax_grad(p, y):
    g = p.copy()
    g[np.arange(len(y)), y] -= 1
    return g / len(y)


if __name__ == "__main__":
    r = np.random.default_rng(0)
    x = r.normal(size=(100, 6))
    y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
    net = HighwayNet()
    for i in range(200):
        p = net.forward(x)
        net.backward(xent_softmax_grad(p, y))
        for l in net.layers:
            for k in [k for k in vars(l) if k.startswith("d")]:
                getattr(l, k[1:])[...] -= 0.5 * getattr(l, k)
    print(xent(p, y))
