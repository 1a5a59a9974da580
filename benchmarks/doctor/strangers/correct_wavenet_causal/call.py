import numpy as np


def call(module):
    net = module.WaveNet(levels=5, channels=4, skip=6, n_blocks=2)
    return {"subject": net, "inputs": (np.random.default_rng(0).normal(size=(2, 5, 9)),), "intent": ("causal",)}
