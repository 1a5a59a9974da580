import numpy as np


def call(module):
    x = np.random.default_rng(2).normal(size=(6, 4))
    return {"subject": module.WNLinear(4, 3, seed=1), "inputs": (x,)}
