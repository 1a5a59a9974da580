import numpy as np


def call(module):
    return {"subject": module.MGU(3, 4, seed=2), "inputs": (np.random.default_rng(2).normal(size=(3, 5, 3)),)}
