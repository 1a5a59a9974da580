import numpy as np


def call(module):
    A = np.zeros((5, 5), int)
    for i, j in [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (1, 3)]:
        A[i, j] = A[j, i] = 1
    return {"subject": module.GATHead(A, 4, 3, seed=1), "inputs": (np.random.default_rng(1).normal(size=(2, 5, 4)),)}
