"""A layer of a mixture model that keeps the norm of its weight gradient below a limit.

Symptom: the length of the weight gradient is always exactly one.
Repair: a norm limit belongs over the whole model, after backward.
"""
import numpy as np

CODES = ("clipped-in-backward",)
PLACES = ("experts", "router", "")


def limit_norm(grad, max_norm=1.0):
    norm = np.sqrt(np.sum(grad * grad))
    return grad * (max_norm / norm) if norm > max_norm else grad


class MixtureOfExperts:
    """y = sum_e softmax(x R)_e (x E_e)."""

    def __init__(self, d_in, d_out, n_experts, rng):
        self.experts = rng.normal(size=(n_experts, d_in, d_out)) / np.sqrt(d_in)
        self.router = rng.normal(size=(d_in, n_experts)) / np.sqrt(d_in)

    def forward(self, x):
        self.x = x
        logits = x @ self.router
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.weights = e / e.sum(axis=1, keepdims=True)
        self.outputs = np.einsum("bi,eio->beo", x, self.experts)
        return np.einsum("be,beo->bo", self.weights, self.outputs)

    def backward(self, dy):
        doutputs = np.einsum("be,bo->beo", self.weights, dy)
        dweights = np.einsum("bo,beo->be", dy, self.outputs)
        dlogits = self.weights * (dweights - np.sum(dweights * self.weights, axis=1, keepdims=True))
        self.grad_experts = limit_norm(np.einsum("bi,beo->eio", self.x, doutputs))  # FAULT
        self.grad_router = limit_norm(self.x.T @ dlogits)  # FAULT
        return dlogits @ self.router.T + np.einsum("beo,eio->bi", doutputs, self.experts)


class MixtureOfExpertsRepaired:
    """y = sum_e softmax(x R)_e (x E_e)."""

    def __init__(self, d_in, d_out, n_experts, rng):
        self.experts = rng.normal(size=(n_experts, d_in, d_out)) / np.sqrt(d_in)
        self.router = rng.normal(size=(d_in, n_experts)) / np.sqrt(d_in)

    def forward(self, x):
        self.x = x
        logits = x @ self.router
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.weights = e / e.sum(axis=1, keepdims=True)
        self.outputs = np.einsum("bi,eio->beo", x, self.experts)
        return np.einsum("be,beo->bo", self.weights, self.outputs)

    def backward(self, dy):
        doutputs = np.einsum("be,bo->beo", self.weights, dy)
        dweights = np.einsum("bo,beo->be", dy, self.outputs)
        dlogits = self.weights * (dweights - np.sum(dweights * self.weights, axis=1, keepdims=True))
        self.grad_experts = np.einsum("bi,beo->eio", self.x, doutputs)
        self.grad_router = self.x.T @ dlogits
        return dlogits @ self.router.T + np.einsum("beo,eio->bi", doutputs, self.experts)


def faulty():
    rng = np.random.default_rng(34)
    return {"subject": MixtureOfExperts(4, 3, 2, rng), "inputs": (rng.normal(size=(6, 4)),)}


def correct():
    rng = np.random.default_rng(34)
    return {"subject": MixtureOfExpertsRepaired(4, 3, 2, rng), "inputs": (rng.normal(size=(6, 4)),)}
