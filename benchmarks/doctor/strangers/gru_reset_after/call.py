import numpy as np


def call(module):
    return {"subject": module.GRU(3, 4, seed=6), "inputs": (np.random.default_rng(6).normal(size=(5, 2, 3)),)}
