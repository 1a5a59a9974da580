"""Dense (soft) mixture of linear experts.

Symptom: the router keeps its random initial choice; experts adapt to it, never the other way round.
Repair: fill the router's gradient.
"""
import numpy as np
from dataclasses import dataclass, field
CODES = ("gradient-never-computed",)
PLACES = ("router", "Wg", "grad.router", "")


@dataclass
class SoftMoE:
    experts: np.ndarray       # (E, din, dout)
    router: np.ndarray        # (din, E)
    grad: dict = field(default_factory=dict)

    def forward(self, x):
        logits = x @ self.router
        e = np.exp(logits - logits.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        outs = np.einsum("bi,eio->beo", x, self.experts)
        self.saved = (x, p, outs)
        return np.einsum("be,beo->bo", p, outs)

    def backward(self, dy):
        x, p, outs = self.saved
        self.grad = {"experts": np.zeros_like(self.experts), "router": np.zeros_like(self.router)}
        dp = np.einsum("bo,beo->be", dy, outs)
        dlogits = p * (dp - (p * dp).sum(1, keepdims=True))
        douts = p[:, :, None] * dy[:, None, :]
        self.grad["experts"] += np.einsum("bi,beo->eio", x, douts)
        g_router = x.T @ dlogits  # FAULT
        return np.einsum("beo,eio->bi", douts, self.experts) + dlogits @ self.router.T


@dataclass
class SoftMoERepaired:
    experts: np.ndarray       # (E, din, dout)
    router: np.ndarray        # (din, E)
    grad: dict = field(default_factory=dict)

    def forward(self, x):
        logits = x @ self.router
        e = np.exp(logits - logits.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        outs = np.einsum("bi,eio->beo", x, self.experts)
        self.saved = (x, p, outs)
        return np.einsum("be,beo->bo", p, outs)

    def backward(self, dy):
        x, p, outs = self.saved
        self.grad = {"experts": np.zeros_like(self.experts), "router": np.zeros_like(self.router)}
        dp = np.einsum("bo,beo->be", dy, outs)
        dlogits = p * (dp - (p * dp).sum(1, keepdims=True))
        douts = p[:, :, None] * dy[:, None, :]
        self.grad["experts"] += np.einsum("bi,beo->eio", x, douts)
        self.grad["router"] += x.T @ dlogits
        return np.einsum("beo,eio->bi", douts, self.experts) + dlogits @ self.router.T


def faulty():
    g = np.random.default_rng(55)
    return {"subject": SoftMoE(g.normal(size=(3, 4, 6)), g.normal(size=(4, 3))), "inputs": (g.normal(size=(5, 4)),)}


def correct():
    g = np.random.default_rng(55)
    return {"subject": SoftMoERepaired(g.normal(size=(3, 4, 6)), g.normal(size=(4, 3))), "inputs": (g.normal(size=(5, 4)),)}
