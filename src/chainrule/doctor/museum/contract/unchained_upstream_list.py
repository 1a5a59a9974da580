"""A stack of residual blocks whose backward hands the same gradient to each block.

Symptom: the deeper the stack, the worse it learns.
Repair: pass on what the block above returned.
"""
import numpy as np

CODES = ("unchained-upstream",)
PLACES = ("layers", "blocks", "", "blocks.0", "blocks.1", "x")


class Block:
    def __init__(self, d, rng):
        self.params = {"A": rng.normal(size=(d, d)) * 0.4, "c": rng.normal(size=d) * 0.1}
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.params["A"] + self.params["c"])
        return x + self.h

    def backward(self, dy):
        dz = dy * (1 - self.h ** 2)
        self.grads["A"] = self.x.T @ dz
        self.grads["c"] = dz.sum(axis=0)
        return dy + dz @ self.params["A"].T


class Stack:
    def __init__(self, depth, d, rng):
        self.blocks = [Block(d, rng) for _ in range(depth)]

    def forward(self, x):
        for block in self.blocks:
            x = block.forward(x)
        return x

    def backward(self, dy):
        for i in range(len(self.blocks) - 1, -1, -1):
            dx = self.blocks[i].backward(dy)  # FAULT
        return dx  # FAULT


class BlockRepaired:
    def __init__(self, d, rng):
        self.params = {"A": rng.normal(size=(d, d)) * 0.4, "c": rng.normal(size=d) * 0.1}
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.params["A"] + self.params["c"])
        return x + self.h

    def backward(self, dy):
        dz = dy * (1 - self.h ** 2)
        self.grads["A"] = self.x.T @ dz
        self.grads["c"] = dz.sum(axis=0)
        return dy + dz @ self.params["A"].T


class StackRepaired:
    def __init__(self, depth, d, rng):
        self.blocks = [BlockRepaired(d, rng) for _ in range(depth)]

    def forward(self, x):
        for block in self.blocks:
            x = block.forward(x)
        return x

    def backward(self, dy):
        for i in range(len(self.blocks) - 1, -1, -1):
            dy = self.blocks[i].backward(dy)
        return dy


def faulty():
    rng = np.random.default_rng(14)
    return {"subject": Stack(3, 4, rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(14)
    return {"subject": StackRepaired(3, 4, rng), "inputs": (rng.normal(size=(5, 4)),)}
