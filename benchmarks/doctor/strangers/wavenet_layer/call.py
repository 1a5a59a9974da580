import numpy as np


def call(module):
    return {"subject": module.GatedCausalConv(3, seed=2), "inputs": (np.random.default_rng(2).normal(size=(2, 3, 9)),), "intent": ("causal",)}
