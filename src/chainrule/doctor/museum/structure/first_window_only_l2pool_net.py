"""Complex-cell model: 1x1 channel mixing, tanh, L2 pooling, linear read-out.

Symptom: the mixing weights seem to see one corner of the picture.
Repair: indentation of the last line in the pooling's backward.
"""
import numpy as np

CODES = ("first-window-only",)
PLACES = ("pool",)


class Mix:
    def __init__(self, M):
        self.M = M

    def forward(self, img):
        self.img = img
        return np.einsum('oc,bchw->bohw', self.M, img)

    def backward(self, d):
        self.dM = np.einsum('bohw,bchw->oc', d, self.img)
        return np.einsum('oc,bohw->bchw', self.M, d)


class L2Pool:
    def __init__(self, size=3, step=2):
        self.size, self.step = size, step

    def forward(self, x):
        self.x, z, s = x, self.size, self.step
        rows = range(0, x.shape[2] - z + 1, s)
        cols = range(0, x.shape[3] - z + 1, s)
        self.out = np.array([[np.sqrt((x[:, :, r:r + z, c:c + z] ** 2).sum(axis=(2, 3)) + 1e-3) for c in cols]
                             for r in rows]).transpose(2, 3, 0, 1)
        return self.out

    def backward(self, d):
        dx, z, s = np.zeros_like(self.x), self.size, self.step
        ratio = d / self.out
        for i in range(d.shape[2]):
            for j in range(d.shape[3]):
                box = np.s_[:, :, i * s:i * s + z, j * s:j * s + z]
                dx[box] += self.x[box] * ratio[:, :, i, j, None, None]
                return dx  # FAULT


class Readout:
    def __init__(self, R):
        self.R = R

    def forward(self, x):
        self.flat = x.reshape(x.shape[0], -1)
        self.shape = x.shape
        return self.flat @ self.R

    def backward(self, d):
        self.dR = self.flat.T @ d
        return (d @ self.R.T).reshape(self.shape)


class ComplexCells:
    def __init__(self):
        rs = np.random.RandomState(9)
        self.mix = Mix(rs.normal(size=(4, 2)))
        self.pool = L2Pool()
        self.read = Readout(rs.normal(size=(4 * 2 * 3, 3)) * 0.3)

    def forward(self, img):
        self.a = np.tanh(self.mix.forward(img))
        return self.read.forward(self.pool.forward(self.a))

    def backward(self, d):
        d = self.pool.backward(self.read.backward(d))
        return self.mix.backward(d * (1 - self.a ** 2))


class MixRepaired:
    def __init__(self, M):
        self.M = M

    def forward(self, img):
        self.img = img
        return np.einsum('oc,bchw->bohw', self.M, img)

    def backward(self, d):
        self.dM = np.einsum('bohw,bchw->oc', d, self.img)
        return np.einsum('oc,bohw->bchw', self.M, d)


class L2PoolRepaired:
    def __init__(self, size=3, step=2):
        self.size, self.step = size, step

    def forward(self, x):
        self.x, z, s = x, self.size, self.step
        rows = range(0, x.shape[2] - z + 1, s)
        cols = range(0, x.shape[3] - z + 1, s)
        self.out = np.array([[np.sqrt((x[:, :, r:r + z, c:c + z] ** 2).sum(axis=(2, 3)) + 1e-3) for c in cols]
                             for r in rows]).transpose(2, 3, 0, 1)
        return self.out

    def backward(self, d):
        dx, z, s = np.zeros_like(self.x), self.size, self.step
        ratio = d / self.out
        for i in range(d.shape[2]):
            for j in range(d.shape[3]):
                box = np.s_[:, :, i * s:i * s + z, j * s:j * s + z]
                dx[box] += self.x[box] * ratio[:, :, i, j, None, None]
        return dx


class ReadoutRepaired:
    def __init__(self, R):
        self.R = R

    def forward(self, x):
        self.flat = x.reshape(x.shape[0], -1)
        self.shape = x.shape
        return self.flat @ self.R

    def backward(self, d):
        self.dR = self.flat.T @ d
        return (d @ self.R.T).reshape(self.shape)


class ComplexCellsRepaired:
    def __init__(self):
        rs = np.random.RandomState(9)
        self.mix = MixRepaired(rs.normal(size=(4, 2)))
        self.pool = L2PoolRepaired()
        self.read = ReadoutRepaired(rs.normal(size=(4 * 2 * 3, 3)) * 0.3)

    def forward(self, img):
        self.a = np.tanh(self.mix.forward(img))
        return self.read.forward(self.pool.forward(self.a))

    def backward(self, d):
        d = self.pool.backward(self.read.backward(d))
        return self.mix.backward(d * (1 - self.a ** 2))


def faulty():
    return {"subject": ComplexCells(), "inputs": (np.random.RandomState(10).normal(size=(2, 2, 5, 7)),)}


def correct():
    return {"subject": ComplexCellsRepaired(), "inputs": (np.random.RandomState(10).normal(size=(2, 2, 5, 7)),)}
