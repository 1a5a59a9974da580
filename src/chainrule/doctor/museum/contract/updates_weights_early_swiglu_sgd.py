"""SwiGLU feed-forward block that trains itself inside backward.

Symptom: fine with a tiny learning rate, unstable with a larger one; deeper blocks suffer most.
Repair: compute the gradient of the hidden product before the down projection is changed.
"""
import numpy as np
CODES = ("updates-weights-early",)
PLACES = ("", "x", "dx", "w_gate", "w_up", "w_down")


class SwiGLU:
    def __init__(self, dim=5, hidden=7, rng=None):
        rng = rng or np.random.default_rng(0)
        self.w_gate = rng.normal(0, dim ** -0.5, (dim, hidden))
        self.w_up = rng.normal(0, dim ** -0.5, (dim, hidden))
        self.w_down = rng.normal(0, hidden ** -0.5, (hidden, dim))

    def forward(self, x):
        self.x = x
        self.a, self.u = x @ self.w_gate, x @ self.w_up
        self.sig = 1 / (1 + np.exp(-self.a))
        self.h = self.a * self.sig * self.u
        return self.h @ self.w_down

    def backward(self, grad, learning_rate):
        flat = lambda t: t.reshape(-1, t.shape[-1])
        g_down = flat(self.h).T @ flat(grad)
        self.w_down -= learning_rate * g_down  # FAULT
        dh = grad @ self.w_down.T
        du = dh * self.a * self.sig
        da = dh * self.u * (self.sig + self.a * self.sig * (1 - self.sig))
        dx = da @ self.w_gate.T + du @ self.w_up.T
        self.w_gate -= learning_rate * (flat(self.x).T @ flat(da))
        self.w_up -= learning_rate * (flat(self.x).T @ flat(du))
        return dx


class SwiGLURepaired:
    def __init__(self, dim=5, hidden=7, rng=None):
        rng = rng or np.random.default_rng(0)
        self.w_gate = rng.normal(0, dim ** -0.5, (dim, hidden))
        self.w_up = rng.normal(0, dim ** -0.5, (dim, hidden))
        self.w_down = rng.normal(0, hidden ** -0.5, (hidden, dim))

    def forward(self, x):
        self.x = x
        self.a, self.u = x @ self.w_gate, x @ self.w_up
        self.sig = 1 / (1 + np.exp(-self.a))
        self.h = self.a * self.sig * self.u
        return self.h @ self.w_down

    def backward(self, grad, learning_rate):
        flat = lambda t: t.reshape(-1, t.shape[-1])
        g_down = flat(self.h).T @ flat(grad)
        dh = grad @ self.w_down.T
        self.w_down -= learning_rate * g_down
        du = dh * self.a * self.sig
        da = dh * self.u * (self.sig + self.a * self.sig * (1 - self.sig))
        dx = da @ self.w_gate.T + du @ self.w_up.T
        self.w_gate -= learning_rate * (flat(self.x).T @ flat(da))
        self.w_up -= learning_rate * (flat(self.x).T @ flat(du))
        return dx


def faulty():
    return {"subject": SwiGLU(5, 7), "inputs": (np.random.default_rng(2).normal(size=(2, 3, 5)),)}


def correct():
    return {"subject": SwiGLURepaired(5, 7), "inputs": (np.random.default_rng(2).normal(size=(2, 3, 5)),)}
