import numpy as np


def call(module):
    net = module.Mixer(patches=4, channels=5, hidden=6, classes=3, depth=2, seed=1)
    x = np.random.default_rng(2).normal(size=(2, 4, 5))
    return {"subject": net, "inputs": (x,)}
