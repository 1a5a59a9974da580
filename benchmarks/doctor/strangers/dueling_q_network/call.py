import numpy as np


def call(module):
    return {"subject": module.DuelingQ(4, 6, 3, seed=9), "inputs": (np.random.default_rng(9).normal(size=(5, 4)),)}
