"""PointNet on clouds of unequal size: short clouds are filled up by repeating points.

Symptom: clouds with many repeated points dominate the gradient of the shared MLP.
Repair: hand the gradient of a maximum to one point, not to each copy of it.
"""
import numpy as np
from dataclasses import dataclass, field

CODES = ("pool-ties-duplicated",)
PLACES = ("pool",)


@dataclass
class Param:
    value: np.ndarray
    grad: np.ndarray = field(default=None)


class PointMLP:
    def __init__(self, gen, sizes):
        self.kernels = [Param(gen.normal(size=(a, b)) / np.sqrt(a)) for a, b in zip(sizes, sizes[1:])]
        self.shifts = [Param(gen.normal(size=b) * 0.1) for b in sizes[1:]]

    def forward(self, pts):
        self.acts = [pts]
        for k, s in zip(self.kernels, self.shifts):
            self.acts.append(np.tanh(self.acts[-1] @ k.value + s.value))
        return self.acts[-1]

    def backward(self, d):
        for i in range(len(self.kernels) - 1, -1, -1):
            d = d * (1 - self.acts[i + 1] ** 2)
            self.kernels[i].grad = np.einsum('bni,bno->io', self.acts[i], d)
            self.shifts[i].grad = d.sum(axis=(0, 1))
            d = d @ self.kernels[i].value.T
        return d


class SetMax:
    """max over the points: (B, N, F) -> (B, F)"""

    def forward(self, f):
        self.f = f
        self.top = f.max(axis=1)
        return self.top

    def backward(self, d):
        return np.where(self.f == self.top[:, None, :], d[:, None, :], 0.0)  # FAULT


class Head:
    def __init__(self, gen, n_in, n_out):
        self.kernel = Param(gen.normal(size=(n_in, n_out)) / np.sqrt(n_in))
        self.shift = Param(gen.normal(size=n_out) * 0.1)

    def forward(self, x):
        self.x = x
        return x @ self.kernel.value + self.shift.value

    def backward(self, d):
        self.kernel.grad = self.x.T @ d
        self.shift.grad = d.sum(axis=0)
        return d @ self.kernel.value.T


class PointNet:
    def __init__(self, seed=0):
        gen = np.random.default_rng(seed)
        self.mlp = PointMLP(gen, (3, 7, 6))
        self.pool = SetMax()
        self.head = Head(gen, 6, 4)

    def forward(self, pts):
        return self.head.forward(self.pool.forward(self.mlp.forward(pts)))

    def backward(self, d):
        return self.mlp.backward(self.pool.backward(self.head.backward(d)))


class PointMLPRepaired:
    def __init__(self, gen, sizes):
        self.kernels = [Param(gen.normal(size=(a, b)) / np.sqrt(a)) for a, b in zip(sizes, sizes[1:])]
        self.shifts = [Param(gen.normal(size=b) * 0.1) for b in sizes[1:]]

    def forward(self, pts):
        self.acts = [pts]
        for k, s in zip(self.kernels, self.shifts):
            self.acts.append(np.tanh(self.acts[-1] @ k.value + s.value))
        return self.acts[-1]

    def backward(self, d):
        for i in range(len(self.kernels) - 1, -1, -1):
            d = d * (1 - self.acts[i + 1] ** 2)
            self.kernels[i].grad = np.einsum('bni,bno->io', self.acts[i], d)
            self.shifts[i].grad = d.sum(axis=(0, 1))
            d = d @ self.kernels[i].value.T
        return d


class SetMaxRepaired:
    """max over the points: (B, N, F) -> (B, F)"""

    def forward(self, f):
        self.f = f
        self.top = f.max(axis=1)
        return self.top

    def backward(self, d):
        out = np.zeros_like(self.f)
        np.put_along_axis(out, self.f.argmax(axis=1)[:, None, :], d[:, None, :], axis=1)
        return out


class HeadRepaired:
    def __init__(self, gen, n_in, n_out):
        self.kernel = Param(gen.normal(size=(n_in, n_out)) / np.sqrt(n_in))
        self.shift = Param(gen.normal(size=n_out) * 0.1)

    def forward(self, x):
        self.x = x
        return x @ self.kernel.value + self.shift.value

    def backward(self, d):
        self.kernel.grad = self.x.T @ d
        self.shift.grad = d.sum(axis=0)
        return d @ self.kernel.value.T


class PointNetRepaired:
    def __init__(self, seed=0):
        gen = np.random.default_rng(seed)
        self.mlp = PointMLPRepaired(gen, (3, 7, 6))
        self.pool = SetMaxRepaired()
        self.head = HeadRepaired(gen, 6, 4)

    def forward(self, pts):
        return self.head.forward(self.pool.forward(self.mlp.forward(pts)))

    def backward(self, d):
        return self.mlp.backward(self.pool.backward(self.head.backward(d)))


def faulty():
    gen = np.random.default_rng(4)
    pts = gen.normal(size=(3, 8, 3))
    pts[0, 5:] = pts[0, :3]           # clouds of 5 and 3 points, filled up
    pts[2, 3:] = pts[2, [0, 1, 2, 0, 1]]
    return {"subject": PointNet(), "inputs": (pts,)}


def correct():
    gen = np.random.default_rng(4)
    pts = gen.normal(size=(3, 8, 3))
    pts[0, 5:] = pts[0, :3]           # clouds of 5 and 3 points, filled up
    pts[2, 3:] = pts[2, [0, 1, 2, 0, 1]]
    return {"subject": PointNetRepaired(), "inputs": (pts,)}
