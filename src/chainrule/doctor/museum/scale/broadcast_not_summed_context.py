"""A decoder input layer: one context vector per sentence is repeated at every step.

Symptom: the encoder learns from the last word only.
Repair: the context was used T times, so its gradient is the sum over time.
"""
import numpy as np

CODES = ("broadcast-not-summed",)
PLACES = ("context",)


class ContextMixer:
    """y_t = tanh(x_t A + repeat(context)_t C + b)."""

    def __init__(self, d_x, d_context, d_out, rng):
        self.A = rng.normal(size=(d_x, d_out)) / np.sqrt(d_x)
        self.C = rng.normal(size=(d_context, d_out)) / np.sqrt(d_context)
        self.b = rng.normal(size=d_out) * 0.1

    def forward(self, x, context):
        T = x.shape[1]
        self.x = x
        self.repeated = np.repeat(context[:, None, :], T, axis=1)
        self.y = np.tanh(x @ self.A + self.repeated @ self.C + self.b)
        return self.y

    def backward(self, dy):
        dz = dy * (1.0 - self.y ** 2)
        self.A_grad = np.einsum("bti,bto->io", self.x, dz)
        self.C_grad = np.einsum("bti,bto->io", self.repeated, dz)
        self.b_grad = dz.sum(axis=(0, 1))
        dx = dz @ self.A.T
        drepeated = dz @ self.C.T
        dcontext = drepeated[:, -1]  # FAULT
        return dx, dcontext


class ContextMixerRepaired:
    """y_t = tanh(x_t A + repeat(context)_t C + b)."""

    def __init__(self, d_x, d_context, d_out, rng):
        self.A = rng.normal(size=(d_x, d_out)) / np.sqrt(d_x)
        self.C = rng.normal(size=(d_context, d_out)) / np.sqrt(d_context)
        self.b = rng.normal(size=d_out) * 0.1

    def forward(self, x, context):
        T = x.shape[1]
        self.x = x
        self.repeated = np.repeat(context[:, None, :], T, axis=1)
        self.y = np.tanh(x @ self.A + self.repeated @ self.C + self.b)
        return self.y

    def backward(self, dy):
        dz = dy * (1.0 - self.y ** 2)
        self.A_grad = np.einsum("bti,bto->io", self.x, dz)
        self.C_grad = np.einsum("bti,bto->io", self.repeated, dz)
        self.b_grad = dz.sum(axis=(0, 1))
        dx = dz @ self.A.T
        drepeated = dz @ self.C.T
        dcontext = drepeated.sum(axis=1)
        return dx, dcontext


def faulty():
    rng = np.random.default_rng(43)
    return {"subject": ContextMixer(3, 5, 4, rng),
            "inputs": (rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 5)))}


def correct():
    rng = np.random.default_rng(43)
    return {"subject": ContextMixerRepaired(3, 5, 4, rng),
            "inputs": (rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 5)))}
