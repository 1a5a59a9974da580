"""Bilinear interaction layer whose base class rescales every parameter gradient.

Symptom: no learning rate works: all parameter gradients have the same norm.
Repair: store the gradient as it is; clip the global norm in the optimiser.
"""
import numpy as np

CODES = ("clipped-in-backward", "nonlinear-backward")
PLACES = ("weight", "bias", "")


class Layer:
    max_norm = 0.5

    def __init__(self):
        self.variables, self.gradients = {}, {}

    def _record(self, **grads):
        for name, grad in grads.items():
            grad = grad * min(1.0, self.max_norm / (np.linalg.norm(grad) + 1e-12))  # FAULT
            self.gradients[name] = grad


class Bilinear(Layer):
    """y[n, k] = u[n, i] weight[k, i, j] v[n, j] + bias[k]"""

    def __init__(self, dim_u, dim_v, dim_out):
        super().__init__()
        rng = np.random.default_rng(17)
        self.variables["weight"] = rng.normal(size=(dim_out, dim_u, dim_v)) * 0.6
        self.variables["bias"] = rng.normal(size=dim_out)

    def forward(self, u, v):
        self.u, self.v = u, v
        return np.einsum("ni,kij,nj->nk", u, self.variables["weight"], v) + self.variables["bias"]

    def backward(self, dy):
        w = self.variables["weight"]
        self._record(weight=np.einsum("nk,ni,nj->kij", dy, self.u, self.v), bias=dy.sum(axis=0))
        return np.einsum("nk,kij,nj->ni", dy, w, self.v), np.einsum("nk,kij,ni->nj", dy, w, self.u)


class LayerRepaired:
    max_norm = 0.5

    def __init__(self):
        self.variables, self.gradients = {}, {}

    def _record(self, **grads):
        for name, grad in grads.items():
            self.gradients[name] = grad


class BilinearRepaired(LayerRepaired):
    """y[n, k] = u[n, i] weight[k, i, j] v[n, j] + bias[k]"""

    def __init__(self, dim_u, dim_v, dim_out):
        super().__init__()
        rng = np.random.default_rng(17)
        self.variables["weight"] = rng.normal(size=(dim_out, dim_u, dim_v)) * 0.6
        self.variables["bias"] = rng.normal(size=dim_out)

    def forward(self, u, v):
        self.u, self.v = u, v
        return np.einsum("ni,kij,nj->nk", u, self.variables["weight"], v) + self.variables["bias"]

    def backward(self, dy):
        w = self.variables["weight"]
        self._record(weight=np.einsum("nk,ni,nj->kij", dy, self.u, self.v), bias=dy.sum(axis=0))
        return np.einsum("nk,kij,nj->ni", dy, w, self.v), np.einsum("nk,kij,ni->nj", dy, w, self.u)


def _data():
    rng = np.random.default_rng(1)
    return {"inputs": (rng.normal(size=(5, 3)), rng.normal(size=(5, 4)))}


def faulty():
    return dict(subject=Bilinear(3, 4, 2), **_data())


def correct():
    return dict(subject=BilinearRepaired(3, 4, 2), **_data())
