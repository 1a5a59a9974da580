"""Tiny computational graph: named tensors, a topologically sorted list of ops.

Symptom: chains train, anything with a value used twice does not.
Repair: accumulate into grads[name] when a tensor has several consumers.
"""
import numpy as np

CODES = ("branch-overwritten",)
PLACES = ("W1", "b1", "x", "")


class Graph:
    """x -> affine(W1, b1) -> z;  z -> sigmoid -> s;  m = z * s;  y = affine(m, W2, b2)"""

    def __init__(self, d_in, d_mid, d_out):
        rng = np.random.RandomState(1000)
        self.params = {"W1": rng.randn(d_in, d_mid) * 0.7, "b1": rng.randn(d_mid) * 0.4,
                       "W2": rng.randn(d_mid, d_out) * 0.7, "b2": rng.randn(d_out) * 0.4}
        self.program = [("affine", "z", ("x", "W1", "b1")), ("sigmoid", "s", ("z",)),
                        ("mul", "m", ("z", "s")), ("affine", "y", ("m", "W2", "b2"))]
        self.grads = {}

    def forward(self, x):
        env = dict(self.params, x=x)
        for op, out, args in self.program:
            v = [env[a] for a in args]
            if op == "affine":
                env[out] = v[0] @ v[1] + v[2]
            elif op == "sigmoid":
                env[out] = 1 / (1 + np.exp(-v[0]))
            elif op == "mul":
                env[out] = v[0] * v[1]
        self.env = env
        return env["y"]

    def backward(self, dy):
        grads = {"y": dy}
        for op, out, args in reversed(self.program):
            v, g = [self.env[a] for a in args], grads[out]
            if op == "affine":
                local = (g @ v[1].T, v[0].T @ g, g.sum(0))
            elif op == "sigmoid":
                local = (g * self.env[out] * (1 - self.env[out]),)
            elif op == "mul":
                local = (g * v[1], g * v[0])
            for a, d in zip(args, local):
                grads[a] = d  # FAULT
        self.grads = {k: grads[k] for k in self.params}
        return grads["x"]


class GraphRepaired:
    """x -> affine(W1, b1) -> z;  z -> sigmoid -> s;  m = z * s;  y = affine(m, W2, b2)"""

    def __init__(self, d_in, d_mid, d_out):
        rng = np.random.RandomState(1000)
        self.params = {"W1": rng.randn(d_in, d_mid) * 0.7, "b1": rng.randn(d_mid) * 0.4,
                       "W2": rng.randn(d_mid, d_out) * 0.7, "b2": rng.randn(d_out) * 0.4}
        self.program = [("affine", "z", ("x", "W1", "b1")), ("sigmoid", "s", ("z",)),
                        ("mul", "m", ("z", "s")), ("affine", "y", ("m", "W2", "b2"))]
        self.grads = {}

    def forward(self, x):
        env = dict(self.params, x=x)
        for op, out, args in self.program:
            v = [env[a] for a in args]
            if op == "affine":
                env[out] = v[0] @ v[1] + v[2]
            elif op == "sigmoid":
                env[out] = 1 / (1 + np.exp(-v[0]))
            elif op == "mul":
                env[out] = v[0] * v[1]
        self.env = env
        return env["y"]

    def backward(self, dy):
        grads = {"y": dy}
        for op, out, args in reversed(self.program):
            v, g = [self.env[a] for a in args], grads[out]
            if op == "affine":
                local = (g @ v[1].T, v[0].T @ g, g.sum(0))
            elif op == "sigmoid":
                local = (g * self.env[out] * (1 - self.env[out]),)
            elif op == "mul":
                local = (g * v[1], g * v[0])
            for a, d in zip(args, local):
                grads[a] = grads[a] + d if a in grads else d
        self.grads = {k: grads[k] for k in self.params}
        return grads["x"]


def _x():
    return (np.random.RandomState(2).randn(4, 3),)


def faulty():
    return {"subject": Graph(3, 5, 2), "inputs": _x()}


def correct():
    return {"subject": GraphRepaired(3, 5, 2), "inputs": _x()}
