import numpy as np


def call(module):
    return {"subject": module.DigitCaps(5, 3, 2, 4, seed=1), "inputs": (np.random.default_rng(1).normal(size=(3, 5, 3)),)}
