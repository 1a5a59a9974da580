import numpy as np


def call(module):
    rng = np.random.default_rng(3)
    return {"subject": module.BlockDiagonal(3, 2, 4, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}
