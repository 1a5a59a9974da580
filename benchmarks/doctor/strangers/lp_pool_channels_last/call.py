import numpy as np


def call(module):
    return {"subject": module.L2Pool(3, 2), "inputs": (np.random.default_rng(2).normal(size=(2, 7, 5, 3)),)}
