"""Spatial soft-argmax: heat maps become key points (robotics paper re-implementation), float32.

Symptom: key points wander, the features under them never lock on.
Repair: softmax couples all the pixels of a map; subtract the mean under p.
"""
import numpy as np

CODES = ("softmax-diagonal-only",)
PLACES = ("x", "heat")


class SpatialSoftArgmax:
    def __init__(self, height, width, temperature=0.7):
        rows, cols = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing='ij')
        self._grid = np.stack([cols.ravel(), rows.ravel()], axis=1).astype(np.float32)     # pixels, 2
        self._temperature = temperature

    def forward(self, heat):
        self._shape = heat.shape
        logits = heat.reshape(heat.shape[0], heat.shape[1], -1) / self._temperature
        logits = logits - logits.max(axis=2, keepdims=True)
        self._prob = np.exp(logits)
        self._prob /= self._prob.sum(axis=2, keepdims=True)
        return self._prob @ self._grid

    def backward(self, d_points):
        d_prob = d_points @ self._grid.T
        d_logits = d_prob * self._prob * (1 - self._prob)  # FAULT
        return (d_logits / self._temperature).reshape(self._shape)


class SpatialSoftArgmaxRepaired:
    def __init__(self, height, width, temperature=0.7):
        rows, cols = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing='ij')
        self._grid = np.stack([cols.ravel(), rows.ravel()], axis=1).astype(np.float32)     # pixels, 2
        self._temperature = temperature

    def forward(self, heat):
        self._shape = heat.shape
        logits = heat.reshape(heat.shape[0], heat.shape[1], -1) / self._temperature
        logits = logits - logits.max(axis=2, keepdims=True)
        self._prob = np.exp(logits)
        self._prob /= self._prob.sum(axis=2, keepdims=True)
        return self._prob @ self._grid

    def backward(self, d_points):
        d_prob = d_points @ self._grid.T
        d_logits = self._prob * (d_prob - (d_prob * self._prob).sum(axis=2, keepdims=True))
        return (d_logits / self._temperature).reshape(self._shape)


def faulty():
    heat = np.random.default_rng(30).normal(size=(2, 3, 4, 5)).astype(np.float32)
    return {"subject": SpatialSoftArgmax(4, 5), "inputs": (heat,)}


def correct():
    heat = np.random.default_rng(30).normal(size=(2, 3, 4, 5)).astype(np.float32)
    return {"subject": SpatialSoftArgmaxRepaired(4, 5), "inputs": (heat,)}
