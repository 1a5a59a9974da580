import numpy as np


def call(module):
    net = module.WaveNet(channels=3, skip=4, levels=5, depth=2, seed=1)
    return {"subject": net, "inputs": (np.random.default_rng(4).normal(size=(2, 1, 11)),), "intent": ("causal",)}
