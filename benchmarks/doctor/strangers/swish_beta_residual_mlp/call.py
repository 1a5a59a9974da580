import numpy as np


def call(module):
    net = module.Net(i=3, h=5, seed=4)
    return {"subject": net, "inputs": (np.random.default_rng(1).normal(size=(4, 3)) * 2,)}
