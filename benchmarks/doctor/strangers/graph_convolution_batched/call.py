import numpy as np


def call(module):
    rng = np.random.default_rng(0)
    A = module.ring(6)
    A[0, 3] = A[3, 0] = 1
    return {"subject": module.GraphConv(A, 4, 3, seed=1), "inputs": (rng.normal(size=(2, 6, 4)),)}
