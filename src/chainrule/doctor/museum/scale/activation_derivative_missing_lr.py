"""A gated linear unit that updates its weights as the gradient passes.

Symptom: the gate saturates within a few hundred steps.
Repair: the gate's gradient has to go through the sigmoid: multiply by s (1 - s).
"""
import numpy as np

CODES = ("activation-derivative-missing",)
PLACES = ("gate_kernel", "gate_bias")


class GatedLinearUnit:
    def __init__(self, dim_in, dim_out, rng):
        scale = 1.0 / np.sqrt(dim_in)
        self.value_kernel = rng.normal(size=(dim_in, dim_out)) * scale
        self.value_bias = rng.normal(size=dim_out) * 0.1
        self.gate_kernel = rng.normal(size=(dim_in, dim_out)) * scale
        self.gate_bias = rng.normal(size=dim_out) * 0.1

    def forward(self, x):
        self.x = x
        self.value = x @ self.value_kernel + self.value_bias
        self.gate = 1.0 / (1.0 + np.exp(-(x @ self.gate_kernel + self.gate_bias)))
        return self.value * self.gate

    def backward(self, dy, learning_rate):
        d_value = dy * self.gate
        d_gate = dy * self.value  # FAULT
        dx = d_value @ self.value_kernel.T + d_gate @ self.gate_kernel.T
        x2 = self.x.reshape(-1, self.x.shape[-1])
        d_value = d_value.reshape(-1, d_value.shape[-1])
        d_gate = d_gate.reshape(-1, d_gate.shape[-1])
        self.value_kernel -= learning_rate * (x2.T @ d_value)
        self.value_bias -= learning_rate * d_value.sum(axis=0)
        self.gate_kernel -= learning_rate * (x2.T @ d_gate)
        self.gate_bias -= learning_rate * d_gate.sum(axis=0)
        return dx


class GatedLinearUnitRepaired:
    def __init__(self, dim_in, dim_out, rng):
        scale = 1.0 / np.sqrt(dim_in)
        self.value_kernel = rng.normal(size=(dim_in, dim_out)) * scale
        self.value_bias = rng.normal(size=dim_out) * 0.1
        self.gate_kernel = rng.normal(size=(dim_in, dim_out)) * scale
        self.gate_bias = rng.normal(size=dim_out) * 0.1

    def forward(self, x):
        self.x = x
        self.value = x @ self.value_kernel + self.value_bias
        self.gate = 1.0 / (1.0 + np.exp(-(x @ self.gate_kernel + self.gate_bias)))
        return self.value * self.gate

    def backward(self, dy, learning_rate):
        d_value = dy * self.gate
        d_gate = dy * self.value * self.gate * (1.0 - self.gate)
        dx = d_value @ self.value_kernel.T + d_gate @ self.gate_kernel.T
        x2 = self.x.reshape(-1, self.x.shape[-1])
        d_value = d_value.reshape(-1, d_value.shape[-1])
        d_gate = d_gate.reshape(-1, d_gate.shape[-1])
        self.value_kernel -= learning_rate * (x2.T @ d_value)
        self.value_bias -= learning_rate * d_value.sum(axis=0)
        self.gate_kernel -= learning_rate * (x2.T @ d_gate)
        self.gate_bias -= learning_rate * d_gate.sum(axis=0)
        return dx


def faulty():
    rng = np.random.default_rng(9)
    return {"subject": GatedLinearUnit(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}


def correct():
    rng = np.random.default_rng(9)
    return {"subject": GatedLinearUnitRepaired(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}
