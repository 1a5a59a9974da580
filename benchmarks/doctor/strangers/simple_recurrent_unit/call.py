import numpy as np


def call(module):
    return {"subject": module.SRU(4, 3, seed=8), "inputs": (np.random.default_rng(8).normal(size=(2, 5, 4)),)}
