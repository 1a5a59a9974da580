import numpy as np
from numpy import exp


def sig(z): return 1 / (1 + exp(-z))


class SwishBeta:
    # f(z) = z * sig(beta z), beta trainable, one per unit
    def __init__(self, n):
        self.beta = np.ones(n)

    def f(self, z):
        self.z = z
        self.s = sig(self.beta * z)
        self.y = z * self.s
        return self.y

    def b(self, g):
        z, s = self.z, self.s
        self.gbeta = (g * z * z * s * (1 - s)).sum(0)
        return g * (s + self.beta * z * s * (1 - s))


class Dense:
    def __init__(self, i, o, rng):
        self.w = rng.normal(0, 1 / np.sqrt(i), (i, o))
        self.b0 = np.zeros(o)

    def f(self, x):
        self.x = x
        return x @ self.w + self.b0

    def b(self, g):
        self.gw = self.x.T @ g
        self.gb0 = g.sum(0)
        return g @ self.w.T


class Net:
    def __init__(self, i=4, h=6, seed=0):
        rng = np.random.default_rng(seed)
        self.l1, self.a, self.l2 = Dense(i, h, rng), SwishBeta(h), Dense(h, i, rng)

    def forward(self, x):
        return x + self.l2.f(self.a.f(self.l1.f(x)))

    def backward(self, g):
        return g + self.l1.b(self.a.b(self.l2.b(g)))


if __name__ == "__main__":
    n = Net()
    x = np.random.randn(20, 4)
    for _ in range(100):
        e = n.forward(x) - np.sin(x)
        n.backward(e / 20)
        for l in (n.l1, n.l2):
            l.w -= .1 * l.gw
            l.b0 -= .1 * l.gb0
        n.a.beta -= .1 * n.a.gbeta
    print((e ** 2).mean())
