import numpy as np


class Encoder:
    def __init__(self, sizes, rng):
        d, h, e = sizes
        self.W1 = rng.normal(0, 1 / np.sqrt(d), (d, h))
        self.b1 = np.zeros(h)
        self.W2 = rng.normal(0, 1 / np.sqrt(h), (h, e))
        self.saved = []
        self.zero_grad()

    def zero_grad(self):
        self.gW1 = np.zeros_like(self.W1)
        self.gb1 = np.zeros_like(self.b1)
        self.gW2 = np.zeros_like(self.W2)

    def forward(self, x):
        h = np.tanh(x @ self.W1 + self.b1)
        self.saved.append((x, h))
        return h @ self.W2

    def backward(self, de):
        x, h = self.saved.pop()
        self.gW2 += h.T @ de
        dz = (de @ self.W2.T) * (1 - h * h)
        self.gW1 += x.T @ dz
        self.gb1 += dz.sum(0)
        return dz @ self.W1.T


class TripletNet:
    """score = |f(a) - f(p)|^2 - |f(a) - f(n)|^2, one per triple."""

    def __init__(self, sizes=(5, 7, 3), seed=0):
        self.enc = Encoder(sizes, np.random.default_rng(seed))

    def forward(self, anchor, positive, negative):
        self.enc.zero_grad()
        self.enc.saved = []
        fa = self.enc.forward(anchor)
        fp = self.enc.forward(positive)
        fn = self.enc.forward(negative)
        self.dp, self.dn = fa - fp, fa - fn
        return (self.dp ** 2).sum(1) - (self.dn ** 2).sum(1)

    def backward(self, ds):
        ds = ds[:, None]
        dneg = self.enc.backward(2 * ds * self.dn)
        dpos = self.enc.backward(-2 * ds * self.dp)
        danc = self.enc.backward(2 * ds * (self.dp - self.dn))
        return danc, dpos, dneg
