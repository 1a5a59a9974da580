import numpy as np


def call(module):
    return {"subject": module.SEBlock(6, 4, seed=3), "inputs": (np.random.default_rng(1).normal(0.5, 1, size=(2, 3, 5, 6)),)}
