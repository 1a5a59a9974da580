import numpy as np


def call(module):
    R = np.random.default_rng(1).normal(size=(5, 4))
    R[0, 1] = R[3, 2] = np.nan
    return {"subject": module.Recommender(5, 4, 2, seed=3), "inputs": (R,)}
