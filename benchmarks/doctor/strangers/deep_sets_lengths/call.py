import numpy as np


def call(module):
    x = np.random.default_rng(5).normal(size=(3, 6, 4))
    lengths = np.array([6, 3, 4])
    for i, n in enumerate(lengths):
        x[i, n:] = 0.0
    return {"subject": module.DeepSet(4, 5, 2, seed=5), "inputs": (x, lengths)}
