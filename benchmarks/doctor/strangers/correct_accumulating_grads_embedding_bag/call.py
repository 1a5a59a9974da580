import numpy as np


def call(module):
    r = np.random.default_rng(4)
    return {"subject": module.BagOfWords(6, 4, 3, seed=2), "inputs": (r.integers(0, 6, (3, 5)), r.random((3, 5)))}
