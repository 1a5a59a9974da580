import numpy as np


def mdn_nll(out, y):
    """out (N, 3K): logits, means, log sigmas of K gaussians; y (N,)"""
    a, m, s = np.split(out, 3, axis=1)
    loga = a - a.max(1, keepdims=True)
    loga = loga - np.log(np.exp(loga).sum(1, keepdims=True))
    u = (y[:, None] - m) * np.exp(-s)
    comp = loga - s - 0.5 * u ** 2 - 0.5 * np.log(2 * np.pi)
    top = comp.max(1, keepdims=True)
    return -(top[:, 0] + np.log(np.exp(comp - top).sum(1))).mean()


def mdn_nll_grad(out, y):
    a, m, s = np.split(out, 3, axis=1)
    pi = np.exp(a - a.max(1, keepdims=True))
    pi = pi / pi.sum(1, keepdims=True)
    u = (y[:, None] - m) * np.exp(-s)
    comp = np.log(pi) - s - 0.5 * u ** 2
    r = np.exp(comp - comp.max(1, keepdims=True))
    r = r / r.sum(1, keepdims=True)
    return np.concatenate([pi - r, -r * u * np.exp(-s), r * (1 - u ** 2)], axis=1) / len(y)


class Trunk:
    def __init__(self, d=2, h=8, k=3, seed=0):
        g = np.random.default_rng(seed)
        self.p = [g.normal(0, d ** -0.5, (d, h)), np.zeros(h), g.normal(0, h ** -0.5, (h, 3 * k)), np.zeros(3 * k)]

    def forward(self, x):
        W, b, V, c = self.p
        self.x, self.h = x, np.sin(x @ W + b)
        self.cosine = np.cos(x @ W + b)
        return self.h @ V + c

    def backward(self, d):
        W, b, V, c = self.p
        dz = d @ V.T * self.cosine
        self.dp = [self.x.T @ dz, dz.sum(0), self.h.T @ d, d.sum(0)]
        return dz @ W.T


if __name__ == "__main__":
    r = np.random.default_rng(0)
    x = r.uniform(-1, 1, (200, 2))
    y = np.where(r.random(200) < 0.5, 1, -1) * x[:, 0] + 0.1 * r.normal(size=200)
    net = Trunk()
    for i in range(300):
        o = net.forward(x)
        net.backward(mdn_nll_grad(o, y))
        net.p = [p - 0.1 * d for p, d in zip(net.p, net.dp)]
    print(mdn_nll(o, y))
