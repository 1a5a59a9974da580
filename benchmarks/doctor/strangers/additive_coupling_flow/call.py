import numpy as np


def call(module):
    x = np.random.default_rng(9).normal(size=(4, 6))
    return {"subject": module.Flow(6, 5, 3, seed=4), "inputs": (x,)}
