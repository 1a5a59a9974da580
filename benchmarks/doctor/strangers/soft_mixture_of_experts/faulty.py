import numpy as np


def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class MoE:
    """Dense mixture of E linear experts: y = sum_e pi_e(x) (U_e x + b_e)."""

    def __init__(self, d_in, d_out, n_experts, rng):
        self.E = n_experts
        self.theta = {
            "U": rng.normal(0, d_in ** -0.5, (n_experts, d_in, d_out)),
            "b": np.zeros((n_experts, d_out)),
            "V": rng.normal(0, d_in ** -0.5, (d_in, n_experts)),
            "c": np.zeros(n_experts),
        }
        self.grad = {k: np.zeros_like(v) for k, v in self.theta.items()}

    def forward(self, x):
        t = self.theta
        self.x = x
        self.pi = softmax(x @ t["V"] + t["c"])
        self.h = np.einsum("bi,eio->beo", x, t["U"]) + t["b"]
        return np.einsum("be,beo->bo", self.pi, self.h)

    def backward(self, dy):
        t, g = self.theta, self.grad
        for v in g.values():
            v.fill(0.0)
        dpi = np.einsum("bo,beo->be", dy, self.h)
        dh = self.pi[:, :, None] * dy[:, None, :]
        g["U"] += np.einsum("bi,beo->eio", self.x, dh)
        g["b"] += dh.sum(axis=0)
        da = self.pi * (dpi - (dpi * self.pi).sum(axis=1, keepdims=True))
        g["V"] += self.x.T @ da
        return np.einsum("beo,eio->bi", dh, t["U"]) + da @ t["V"].T
