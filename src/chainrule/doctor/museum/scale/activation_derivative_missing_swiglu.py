"""SwiGLU feed-forward block (LLaMA style), float32.

Symptom: trains, but worse than the reference; the gate projection gets gradients that are too large.
Repair: multiply the gate branch by silu'(gate).
"""
import numpy as np

CODES = ("activation-derivative-missing",)
PLACES = ("w_gate", "x", "")
DTYPE = np.float32


class FeedForward:
    def __init__(self, dim=5, hidden_dim=8):
        g = np.random.default_rng(42)
        # (out_features, in_features), no biases
        self.w_gate = (g.standard_normal((hidden_dim, dim)) * 0.5).astype(DTYPE)
        self.w_up = (g.standard_normal((hidden_dim, dim)) * 0.5).astype(DTYPE)
        self.w_down = (g.standard_normal((dim, hidden_dim)) * 0.5).astype(DTYPE)

    def forward(self, x):
        self.x = x
        self.gate = np.einsum("bsd,hd->bsh", x, self.w_gate)
        self.up = np.einsum("bsd,hd->bsh", x, self.w_up)
        self.sig = 1.0 / (1.0 + np.exp(-self.gate))
        self.act = self.gate * self.sig
        self.hidden = self.act * self.up
        return np.einsum("bsh,dh->bsd", self.hidden, self.w_down)

    def backward(self, grad):
        self.grad_w_down = np.einsum("bsd,bsh->dh", grad, self.hidden)
        d_hidden = np.einsum("bsd,dh->bsh", grad, self.w_down)
        d_up = d_hidden * self.act
        d_gate = d_hidden * self.up  # FAULT
        self.grad_w_up = np.einsum("bsh,bsd->hd", d_up, self.x)
        self.grad_w_gate = np.einsum("bsh,bsd->hd", d_gate, self.x)
        return d_up @ self.w_up + d_gate @ self.w_gate


class FeedForwardRepaired:
    def __init__(self, dim=5, hidden_dim=8):
        g = np.random.default_rng(42)
        # (out_features, in_features), no biases
        self.w_gate = (g.standard_normal((hidden_dim, dim)) * 0.5).astype(DTYPE)
        self.w_up = (g.standard_normal((hidden_dim, dim)) * 0.5).astype(DTYPE)
        self.w_down = (g.standard_normal((dim, hidden_dim)) * 0.5).astype(DTYPE)

    def forward(self, x):
        self.x = x
        self.gate = np.einsum("bsd,hd->bsh", x, self.w_gate)
        self.up = np.einsum("bsd,hd->bsh", x, self.w_up)
        self.sig = 1.0 / (1.0 + np.exp(-self.gate))
        self.act = self.gate * self.sig
        self.hidden = self.act * self.up
        return np.einsum("bsh,dh->bsd", self.hidden, self.w_down)

    def backward(self, grad):
        self.grad_w_down = np.einsum("bsd,bsh->dh", grad, self.hidden)
        d_hidden = np.einsum("bsd,dh->bsh", grad, self.w_down)
        d_up = d_hidden * self.act
        d_gate = d_hidden * self.up * self.sig * (1 + self.gate * (1 - self.sig))
        self.grad_w_up = np.einsum("bsh,bsd->hd", d_up, self.x)
        self.grad_w_gate = np.einsum("bsh,bsd->hd", d_gate, self.x)
        return d_up @ self.w_up + d_gate @ self.w_gate


def _x():
    return (np.random.default_rng(0).standard_normal((2, 4, 5)).astype(DTYPE),)


def faulty():
    return {"subject": FeedForward, "inputs": _x()}


def correct():
    return {"subject": FeedForwardRepaired, "inputs": _x()}
