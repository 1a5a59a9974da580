import numpy as np


def call(module):
    return {"subject": module.FM(6, 3, seed=1), "inputs": (np.random.default_rng(2).normal(size=(5, 6)),)}
