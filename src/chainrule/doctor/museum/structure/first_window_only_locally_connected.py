"""Locally connected layer: every position of the sequence has a filter of its own.

Symptom: only the first few inputs of the sequence ever get a gradient.
Repair: leave the loop before returning.
"""
import numpy as np

CODES = ("first-window-only",)
PLACES = ("x", "inputs")


class LocallyConnected1D:
    def __init__(self, length=11, channels=3, filters=4, window=3, stride=2):
        self.window, self.stride = window, stride
        self.positions = (length - window) // stride + 1
        rng = np.random.default_rng(2024)
        self.kernel = rng.uniform(-0.5, 0.5, (self.positions, window * channels, filters))
        self.bias = rng.uniform(-0.5, 0.5, (self.positions, filters))

    def call(self, inputs):
        self.inputs = inputs
        s, w = self.stride, self.window
        self.patches = np.stack([inputs[:, p * s:p * s + w].reshape(len(inputs), -1)
                                 for p in range(self.positions)], axis=1)
        return np.einsum('bpi,pif->bpf', self.patches, self.kernel) + self.bias

    def forward(self, inputs):
        return self.call(inputs)

    def backward(self, grad_output):
        self.kernel_grad = np.einsum('bpi,bpf->pif', self.patches, grad_output)
        self.bias_grad = grad_output.sum(axis=0)
        grad_input = np.zeros(self.inputs.shape)
        for p in range(self.positions):
            back = grad_output[:, p] @ self.kernel[p].T
            start = p * self.stride
            grad_input[:, start:start + self.window] += back.reshape(len(back), self.window, -1)
            return grad_input  # FAULT


class LocallyConnected1DRepaired:
    def __init__(self, length=11, channels=3, filters=4, window=3, stride=2):
        self.window, self.stride = window, stride
        self.positions = (length - window) // stride + 1
        rng = np.random.default_rng(2024)
        self.kernel = rng.uniform(-0.5, 0.5, (self.positions, window * channels, filters))
        self.bias = rng.uniform(-0.5, 0.5, (self.positions, filters))

    def call(self, inputs):
        self.inputs = inputs
        s, w = self.stride, self.window
        self.patches = np.stack([inputs[:, p * s:p * s + w].reshape(len(inputs), -1)
                                 for p in range(self.positions)], axis=1)
        return np.einsum('bpi,pif->bpf', self.patches, self.kernel) + self.bias

    def forward(self, inputs):
        return self.call(inputs)

    def backward(self, grad_output):
        self.kernel_grad = np.einsum('bpi,bpf->pif', self.patches, grad_output)
        self.bias_grad = grad_output.sum(axis=0)
        grad_input = np.zeros(self.inputs.shape)
        for p in range(self.positions):
            back = grad_output[:, p] @ self.kernel[p].T
            start = p * self.stride
            grad_input[:, start:start + self.window] += back.reshape(len(back), self.window, -1)
        return grad_input


def faulty():
    return {"subject": LocallyConnected1D, "inputs": (np.random.default_rng(8).normal(size=(2, 11, 3)),)}


def correct():
    return {"subject": LocallyConnected1DRepaired, "inputs": (np.random.default_rng(8).normal(size=(2, 11, 3)),)}
