"""Multilayer perceptron with weight normalization and maxout units (regression)."""
import numpy as np


class WeightNormMixin:
    """w[:, j] = g[j] * v[:, j] / |v[:, j]|"""

    def init_weight(self, n_in, n_out, rng):
        self.v = rng.normal(0, 0.5, (n_in, n_out))
        self.g = np.linalg.norm(self.v, axis=0) * 1.0

    def weight(self):
        self._len = np.linalg.norm(self.v, axis=0)
        self._unit = self.v / self._len
        return self._unit * self.g

    def weight_backward(self, dw):
        self.grad_g = (dw * self._unit).sum(axis=0)
        self.grad_v = self.g / self._len * (dw - self._unit * self.grad_g)


class WNDense(WeightNormMixin):
    names = ("v", "g", "c")

    def __init__(self, n_in, n_out, rng):
        self.init_weight(n_in, n_out, rng)
        self.c = np.zeros(n_out)

    def forward(self, x):
        self._x, self._w = x, self.weight()
        return x @ self._w + self.c

    def backward(self, dy):
        self.weight_backward(self._x.T @ dy)
        self.grad_c = dy.sum(axis=0)
        return dy @ self._w.T


class Maxout(WNDense):
    """n_out units, each the largest of `pieces` affine maps"""

    def __init__(self, n_in, n_out, pieces, rng):
        super().__init__(n_in, n_out * pieces, rng)
        self.n_out, self.pieces = n_out, pieces

    def forward(self, x):
        z = super().forward(x).reshape(len(x), self.n_out, self.pieces)
        self._winner = z.argmax(axis=2)
        return np.take_along_axis(z, self._winner[:, :, None], axis=2)[:, :, 0]

    def backward(self, dy):
        dz = np.zeros((len(dy), self.n_out, self.pieces))
        b, u = np.indices(dy.shape)
        dz[b, u, self._winner] = dy
        return super().backward(dz.reshape(len(dy), -1))


class Regressor:
    def __init__(self, n_in=5, n_hidden=8, n_out=1, pieces=3, seed=0):
        rng = np.random.default_rng(seed)
        self.m1 = Maxout(n_in, n_hidden, pieces, rng)
        self.m2 = Maxout(n_hidden, n_hidden, pieces, rng)
        self.out = WNDense(n_hidden, n_out, rng)

    def forward(self, x):
        return self.out.forward(self.m2.forward(self.m1.forward(x)))

    def backward(self, dy):
        return self.m1.backward(self.m2.backward(self.out.backward(dy)))

    def step(self, x, target, learning_rate=0.05):
        y = self.forward(x)
        diff = y - target.reshape(y.shape)
        huber = np.where(np.abs(diff) < 1, 0.5 * diff ** 2, np.abs(diff) - 0.5)
        self.backward(np.clip(diff, -1, 1) / diff.size)        # derivative of the Huber loss
        for layer in (self.m1, self.m2, self.out):
            for n in layer.names:
                setattr(layer, n, getattr(layer, n) - learning_rate * getattr(layer, "grad_" + n))
        return huber.mean()


def data(n, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (n, 5))
    return x, np.abs(x[:, :1]) - np.maximum(x[:, 1:2], x[:, 2:3])


if __name__ == "__main__":
    x, y = data(256)
    net = Regressor()
    for it in range(301):
        loss = net.step(x, y, 0.2)
        if it % 100 == 0:
            print("iteration", it, "huber", loss)
