import numpy as np


def call(module):
    return {"subject": module.Strato(4, 3, seed=3), "inputs": (np.random.default_rng(3).normal(size=(5, 4)),)}
