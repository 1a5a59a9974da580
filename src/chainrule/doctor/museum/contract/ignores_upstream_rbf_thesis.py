"""Radial basis function layer from a thesis appendix.

Symptom: the centres drift the same way whatever the labels are.
Repair: multiply by the gradient that arrives from the layer above.
"""
import numpy as np
CODES = ("ignores-upstream",)
PLACES = ("centers", "betas", "x", "dx", "")


class RBFLayer:
    def __init__(self, in_dim=3, n_centers=5):
        np.random.seed(33)
        self.centers = np.random.randn(n_centers, in_dim)
        self.betas = np.random.uniform(0.2, 0.8, n_centers)

    def forward(self, x):
        self.diff = x[:, None, :] - self.centers[None]          # N x K x D
        self.dist2 = (self.diff ** 2).sum(-1)
        self.phi = np.exp(-self.betas * self.dist2)
        return self.phi

    def backward(self, grad_out):
        local = self.phi  # FAULT
        self.grad_betas = -(local * self.dist2).sum(0)
        common = 2.0 * (local * self.betas)[:, :, None] * self.diff
        self.grad_centers = common.sum(0)
        return -common.sum(1)


class RBFLayerRepaired:
    def __init__(self, in_dim=3, n_centers=5):
        np.random.seed(33)
        self.centers = np.random.randn(n_centers, in_dim)
        self.betas = np.random.uniform(0.2, 0.8, n_centers)

    def forward(self, x):
        self.diff = x[:, None, :] - self.centers[None]          # N x K x D
        self.dist2 = (self.diff ** 2).sum(-1)
        self.phi = np.exp(-self.betas * self.dist2)
        return self.phi

    def backward(self, grad_out):
        local = grad_out * self.phi
        self.grad_betas = -(local * self.dist2).sum(0)
        common = 2.0 * (local * self.betas)[:, :, None] * self.diff
        self.grad_centers = common.sum(0)
        return -common.sum(1)


def faulty():
    return {"subject": RBFLayer(), "inputs": (np.random.RandomState(2).randn(4, 3),)}


def correct():
    return {"subject": RBFLayerRepaired(), "inputs": (np.random.RandomState(2).randn(4, 3),)}
