"""Scaled input plus a learned positional table.

Symptom: evaluating the same batch array twice gives other numbers the second time; epochs drift.
Repair: make a new array instead of scaling and adding in place.
"""
import numpy as np
CODES = ("mutates-upstream",)
PLACES = ("", "x", "inputs")


class PositionalInput:
    def __init__(self, max_len=8, depth=5):
        self.depth = depth
        self.table = np.random.RandomState(4).randn(max_len, depth) * 0.3
        self.d_table = np.zeros_like(self.table)

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.steps = x.shape[1]
        x *= np.sqrt(self.depth)  # FAULT
        x += self.table[None, :self.steps]
        return x

    def backward(self, dout):
        self.d_table = np.zeros_like(self.table)
        self.d_table[:self.steps] = dout.sum(axis=0)
        return dout * np.sqrt(self.depth)


class PositionalInputRepaired:
    def __init__(self, max_len=8, depth=5):
        self.depth = depth
        self.table = np.random.RandomState(4).randn(max_len, depth) * 0.3
        self.d_table = np.zeros_like(self.table)

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.steps = x.shape[1]
        x = x * np.sqrt(self.depth)
        x += self.table[None, :self.steps]
        return x

    def backward(self, dout):
        self.d_table = np.zeros_like(self.table)
        self.d_table[:self.steps] = dout.sum(axis=0)
        return dout * np.sqrt(self.depth)


def faulty():
    return {"subject": PositionalInput(), "inputs": (np.random.RandomState(6).randn(2, 3, 5),)}


def correct():
    return {"subject": PositionalInputRepaired(), "inputs": (np.random.RandomState(6).randn(2, 3, 5),)}
