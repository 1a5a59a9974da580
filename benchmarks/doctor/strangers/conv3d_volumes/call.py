import numpy as np


def call(module):
    return {"subject": module.Conv3d(2, 3, (2, 3, 2), seed=1), "inputs": (np.random.default_rng(3).normal(size=(2, 2, 4, 5, 3)),)}
