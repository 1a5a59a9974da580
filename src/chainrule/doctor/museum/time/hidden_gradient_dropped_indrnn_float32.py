"""Independently recurrent network (one recurrent weight per unit), time first, single precision.

Symptom: long-range toy task (adding problem) stays at the baseline.
Repair: carry the gradient through the recurrent weight, carry = dz * u.
"""
import numpy as np
CODES = ("hidden-gradient-dropped",)
PLACES = ("x", "dx", "W", "u", "b", "params.W", "params.u", "params.b", "")


class IndRNN:
    def __init__(self, n_in=3, n_units=5, dtype=np.float32):
        rng = np.random.default_rng(93)
        self.params = dict(W=rng.normal(size=(n_units, n_in)).astype(dtype) * dtype(0.5),
                           u=rng.uniform(0.4, 0.95, n_units).astype(dtype),
                           b=rng.normal(size=n_units).astype(dtype) * dtype(0.1))
        self.grads = dict()

    def forward(self, xs):
        W, u, b = self.params["W"], self.params["u"], self.params["b"]
        h = np.zeros((xs.shape[1], len(u)), dtype=xs.dtype)
        self.xs, self.hs = xs, [h]
        for x in xs:
            h = np.tanh(x @ W.T + u * h + b)
            self.hs.append(h)
        return np.array(self.hs[1:])

    def backward(self, dhs):
        W, u = self.params["W"], self.params["u"]
        gW, gu, gb = np.zeros_like(W), np.zeros_like(u), np.zeros_like(u)
        dxs = np.empty_like(self.xs)
        carry = np.zeros_like(self.hs[0])
        for t in range(len(self.xs))[::-1]:
            dz = (dhs[t] + carry) * (1 - self.hs[t + 1] ** 2)
            gW += dz.T @ self.xs[t]
            gu += (dz * self.hs[t]).sum(0)
            gb += dz.sum(0)
            dxs[t] = dz @ W
            dh_prev = dz * u  # FAULT
        self.grads.update(W=gW, u=gu, b=gb)
        return dxs


class IndRNNRepaired:
    def __init__(self, n_in=3, n_units=5, dtype=np.float32):
        rng = np.random.default_rng(93)
        self.params = dict(W=rng.normal(size=(n_units, n_in)).astype(dtype) * dtype(0.5),
                           u=rng.uniform(0.4, 0.95, n_units).astype(dtype),
                           b=rng.normal(size=n_units).astype(dtype) * dtype(0.1))
        self.grads = dict()

    def forward(self, xs):
        W, u, b = self.params["W"], self.params["u"], self.params["b"]
        h = np.zeros((xs.shape[1], len(u)), dtype=xs.dtype)
        self.xs, self.hs = xs, [h]
        for x in xs:
            h = np.tanh(x @ W.T + u * h + b)
            self.hs.append(h)
        return np.array(self.hs[1:])

    def backward(self, dhs):
        W, u = self.params["W"], self.params["u"]
        gW, gu, gb = np.zeros_like(W), np.zeros_like(u), np.zeros_like(u)
        dxs = np.empty_like(self.xs)
        carry = np.zeros_like(self.hs[0])
        for t in range(len(self.xs))[::-1]:
            dz = (dhs[t] + carry) * (1 - self.hs[t + 1] ** 2)
            gW += dz.T @ self.xs[t]
            gu += (dz * self.hs[t]).sum(0)
            gb += dz.sum(0)
            dxs[t] = dz @ W
            carry = dz * u
        self.grads.update(W=gW, u=gu, b=gb)
        return dxs


def faulty():
    xs = np.random.default_rng(94).normal(size=(4, 2, 3)).astype(np.float32)
    return {"subject": IndRNN(), "inputs": (xs,)}


def correct():
    xs = np.random.default_rng(94).normal(size=(4, 2, 3)).astype(np.float32)
    return {"subject": IndRNNRepaired(), "inputs": (xs,)}
