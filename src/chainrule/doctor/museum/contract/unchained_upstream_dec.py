"""A decoder-like model whose stages each receive the output's gradient, found by a comprehension.

Symptom: only the top stage learns.
Repair: chain the stages.
"""
import numpy as np

CODES = ("unchained-upstream",)
PLACES = ("layers", "", "stages", "x", "stages.0", "stages.1")


class Stage:
    def __init__(self, n, rng):
        self.gate = rng.normal(size=(n, n)) * 0.5
        self.gate_grad = None

    def fwd(self, x):
        self.x = x
        self.s = 1 / (1 + np.exp(-(x @ self.gate)))
        return x * self.s

    def bwd(self, d):
        dz = d * self.x * self.s * (1 - self.s)
        self.gate_grad = np.einsum("bti,btj->ij", self.x, dz)
        return d * self.s + dz @ self.gate.T


class Decoder:
    def __init__(self, n_stages, n, rng):
        self.stages = {f"stage{i}": Stage(n, rng) for i in range(n_stages)}

    def forward(self, x):
        for stage in self.stages.values():
            x = stage.fwd(x)
        return x

    def backward(self, d):
        return [stage.bwd(d) for stage in reversed(list(self.stages.values()))][-1]  # FAULT


class StageRepaired:
    def __init__(self, n, rng):
        self.gate = rng.normal(size=(n, n)) * 0.5
        self.gate_grad = None

    def fwd(self, x):
        self.x = x
        self.s = 1 / (1 + np.exp(-(x @ self.gate)))
        return x * self.s

    def bwd(self, d):
        dz = d * self.x * self.s * (1 - self.s)
        self.gate_grad = np.einsum("bti,btj->ij", self.x, dz)
        return d * self.s + dz @ self.gate.T


class DecoderRepaired:
    def __init__(self, n_stages, n, rng):
        self.stages = {f"stage{i}": StageRepaired(n, rng) for i in range(n_stages)}

    def forward(self, x):
        for stage in self.stages.values():
            x = stage.fwd(x)
        return x

    def backward(self, d):
        for stage in reversed(list(self.stages.values())):
            d = stage.bwd(d)
        return d


def faulty():
    rng = np.random.default_rng(114)
    return {"subject": Decoder(3, 4, rng), "inputs": (rng.normal(size=(2, 3, 4)),)}


def correct():
    rng = np.random.default_rng(114)
    return {"subject": DecoderRepaired(3, 4, rng), "inputs": (rng.normal(size=(2, 3, 4)),)}
