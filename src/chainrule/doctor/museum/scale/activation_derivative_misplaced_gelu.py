"""Transformer MLP (GPT-2 naming) with tanh-GELU.

Symptom: loss goes down, then plateaus above the reference implementation.
Repair: gelu_prime must be evaluated at the pre-activation, not at the activation.
"""
import numpy as np

CODES = ("activation-derivative-misplaced",)
PLACES = ("c_fc_w", "c_fc_b", "x", "")
K = np.sqrt(2.0 / np.pi)


def gelu(x):
    return 0.5 * x * (1.0 + np.tanh(K * (x + 0.044715 * x ** 3)))


def gelu_prime(x):
    t = np.tanh(K * (x + 0.044715 * x ** 3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * K * (1 + 3 * 0.044715 * x ** 2)


class MLP:
    def __init__(self, n_embd, rng):
        n_inner = 2 * n_embd + 1
        self.params = dict(
            c_fc_w=rng.normal(0, 0.6, (n_embd, n_inner)), c_fc_b=rng.normal(0, 0.2, n_inner),
            c_proj_w=rng.normal(0, 0.6, (n_inner, n_embd)), c_proj_b=rng.normal(0, 0.2, n_embd))
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}

    def zero_grad(self):
        for k in self.grads:
            self.grads[k][...] = 0

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        p = self.params
        h = x @ p["c_fc_w"] + p["c_fc_b"]
        a = gelu(h)
        self.cache = {"x": x, "h": h, "a": a}
        return a @ p["c_proj_w"] + p["c_proj_b"]

    def backward(self, dout):
        x, h, a = (self.cache[k] for k in ("x", "h", "a"))
        flat = lambda t: t.reshape(-1, t.shape[-1])
        self.grads["c_proj_w"] += flat(a).T @ flat(dout)
        self.grads["c_proj_b"] += flat(dout).sum(0)
        da = dout @ self.params["c_proj_w"].T
        dh = da * gelu_prime(a)  # FAULT
        self.grads["c_fc_w"] += flat(x).T @ flat(dh)
        self.grads["c_fc_b"] += flat(dh).sum(0)
        return dh @ self.params["c_fc_w"].T


class MLPRepaired:
    def __init__(self, n_embd, rng):
        n_inner = 2 * n_embd + 1
        self.params = dict(
            c_fc_w=rng.normal(0, 0.6, (n_embd, n_inner)), c_fc_b=rng.normal(0, 0.2, n_inner),
            c_proj_w=rng.normal(0, 0.6, (n_inner, n_embd)), c_proj_b=rng.normal(0, 0.2, n_embd))
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}

    def zero_grad(self):
        for k in self.grads:
            self.grads[k][...] = 0

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        p = self.params
        h = x @ p["c_fc_w"] + p["c_fc_b"]
        a = gelu(h)
        self.cache = {"x": x, "h": h, "a": a}
        return a @ p["c_proj_w"] + p["c_proj_b"]

    def backward(self, dout):
        x, h, a = (self.cache[k] for k in ("x", "h", "a"))
        flat = lambda t: t.reshape(-1, t.shape[-1])
        self.grads["c_proj_w"] += flat(a).T @ flat(dout)
        self.grads["c_proj_b"] += flat(dout).sum(0)
        da = dout @ self.params["c_proj_w"].T
        dh = da * gelu_prime(h)
        self.grads["c_fc_w"] += flat(x).T @ flat(dh)
        self.grads["c_fc_b"] += flat(dh).sum(0)
        return dh @ self.params["c_fc_w"].T


def _make(cls):
    rng = np.random.default_rng(31)
    return {"subject": cls(4, rng), "inputs": (rng.normal(size=(3, 5, 4)),)}


def faulty():
    return _make(MLP)


def correct():
    return _make(MLPRepaired)
