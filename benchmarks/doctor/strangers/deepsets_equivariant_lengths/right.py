"""Permutation-equivariant set network for jets of particles with varying multiplicity."""
import numpy as np


def set_mask(lengths, n_max):
    return (np.arange(n_max)[None, :] < np.asarray(lengths)[:, None]).astype(float)[:, :, None]


class Equivariant:
    """y_i = x_i A + mean_j(x_j) B + c, the mean over the members of the set"""

    def __init__(self, fan_in, fan_out, rng):
        s = fan_in ** -0.5
        self.A = rng.normal(0, s, (fan_in, fan_out))
        self.B = rng.normal(0, s, (fan_in, fan_out))
        self.c = rng.normal(0, 0.1, fan_out)

    def forward(self, x, mask):
        self.x = x
        self.weight = mask / mask.sum(axis=1, keepdims=True)
        self.mean = (x * self.weight).sum(axis=1)
        return x @ self.A + (self.mean @ self.B)[:, None, :] + self.c

    def backward(self, dy):
        total = dy.sum(axis=1)
        self.dA = np.einsum("bni,bno->io", self.x, dy)
        self.dB = self.mean.T @ total
        self.dc = total.sum(axis=0)
        dmean = total @ self.B.T
        return dy @ self.A.T + self.weight * dmean[:, None, :]


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y ** 2)


class Readout:
    def __init__(self, fan_in, rng):
        self.v = rng.normal(0, fan_in ** -0.5, fan_in)

    def forward(self, x, mask):
        self.x, self.mask = x, mask
        return ((x @ self.v)[:, :, None] * mask).sum(axis=(1, 2))

    def backward(self, dy):
        d = dy[:, None, None] * self.mask
        self.dv = (self.x * d).sum(axis=(0, 1))
        return d * self.v


class JetEnergy:
    def __init__(self, n_feat=4, width=6, depth=2, seed=0):
        rng = np.random.default_rng(seed)
        sizes = [n_feat] + [width] * depth
        self.eq = [Equivariant(a, b, rng) for a, b in zip(sizes[:-1], sizes[1:])]
        self.act = [Tanh() for _ in range(depth)]
        self.readout = Readout(width, rng)

    def forward(self, particles, lengths):
        mask = set_mask(lengths, particles.shape[1])
        h = particles
        for layer, act in zip(self.eq, self.act):
            h = act.forward(layer.forward(h, mask))
        return self.readout.forward(h, mask)

    def backward(self, dy):
        d = self.readout.backward(dy)
        for layer, act in zip(self.eq[::-1], self.act[::-1]):
            d = layer.backward(act.backward(d))
        return d

    def descend(self, eta):
        for layer in self.eq:
            for name in "ABc":
                setattr(layer, name, getattr(layer, name) - eta * getattr(layer, "d" + name))
        self.readout.v = self.readout.v - eta * self.readout.dv


def chi2(pred, truth):
    return 0.5 * np.mean((pred - truth) ** 2)


def chi2_grad(pred, truth):
    return (pred - truth) / len(pred)


if __name__ == "__main__":
    rng = np.random.default_rng(5)
    lengths = rng.integers(2, 9, 100)
    x = rng.normal(size=(100, 8, 4)) * set_mask(lengths, 8)
    y = np.sqrt((x ** 2).sum(axis=(1, 2)))
    net = JetEnergy()
    for step in range(200):
        out = net.forward(x, lengths)
        net.backward(chi2_grad(out, y))
        net.descend(0.01)
    print(chi2(out, y))
