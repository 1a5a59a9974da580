import numpy as np


def call(module):
    net = module.UpsampleBlock(channels=2, factor=3)
    x = np.random.default_rng(5).normal(size=(2, 18, 4, 5))
    return {"subject": net, "inputs": (x,)}
