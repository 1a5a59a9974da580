"""A soft mixture of experts whose router differentiates its softmax like a sigmoid.

Symptom: experts do not specialize.
Repair: use the whole Jacobian.
"""
import numpy as np

CODES = ("softmax-diagonal-only",)
PLACES = ("gate", "router", "x", "", "Wg")


class SoftMoE:
    """y = sum_k softmax(x Wg)_k * (x We_k)"""

    def __init__(self, d_in, d_out, n_experts, rng):
        self.Wg = rng.normal(size=(d_in, n_experts))
        self.We = rng.normal(size=(n_experts, d_in, d_out))

    def params(self):
        return {"Wg": self.Wg, "We": self.We}

    def forward(self, x):
        s = x @ self.Wg
        e = np.exp(s - s.max(1, keepdims=True))
        g = e / e.sum(1, keepdims=True)
        out = np.einsum("bi,kio->bko", x, self.We)
        self.cache = dict(x=x, g=g, out=out)
        return (g[:, :, None] * out).sum(1)

    def backward(self, dy):
        x, g, out = self.cache["x"], self.cache["g"], self.cache["out"]
        dg = np.einsum("bo,bko->bk", dy, out)
        ds = dg * g * (1 - g)  # FAULT
        dout = g[:, :, None] * dy[:, None, :]
        self.gradients = {"Wg": x.T @ ds, "We": np.einsum("bi,bko->kio", x, dout)}
        return ds @ self.Wg.T + np.einsum("bko,kio->bi", dout, self.We)


class SoftMoERepaired:
    """y = sum_k softmax(x Wg)_k * (x We_k)"""

    def __init__(self, d_in, d_out, n_experts, rng):
        self.Wg = rng.normal(size=(d_in, n_experts))
        self.We = rng.normal(size=(n_experts, d_in, d_out))

    def params(self):
        return {"Wg": self.Wg, "We": self.We}

    def forward(self, x):
        s = x @ self.Wg
        e = np.exp(s - s.max(1, keepdims=True))
        g = e / e.sum(1, keepdims=True)
        out = np.einsum("bi,kio->bko", x, self.We)
        self.cache = dict(x=x, g=g, out=out)
        return (g[:, :, None] * out).sum(1)

    def backward(self, dy):
        x, g, out = self.cache["x"], self.cache["g"], self.cache["out"]
        dg = np.einsum("bo,bko->bk", dy, out)
        ds = g * (dg - (dg * g).sum(1, keepdims=True))
        dout = g[:, :, None] * dy[:, None, :]
        self.gradients = {"Wg": x.T @ ds, "We": np.einsum("bi,bko->kio", x, dout)}
        return ds @ self.Wg.T + np.einsum("bko,kio->bi", dout, self.We)


def faulty():
    rng = np.random.default_rng(41)
    return {"subject": SoftMoE(4, 3, 5, rng), "inputs": (rng.normal(size=(6, 4)),)}


def correct():
    rng = np.random.default_rng(41)
    return {"subject": SoftMoERepaired(4, 3, 5, rng), "inputs": (rng.normal(size=(6, 4)),)}
