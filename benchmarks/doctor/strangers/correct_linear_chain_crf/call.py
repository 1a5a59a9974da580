import numpy as np


def call(module):
    r = np.random.default_rng(1)
    return {"subject": module.CRF(3, seed=1), "inputs": (r.normal(size=(2, 5, 3)), r.integers(0, 3, (2, 5)))}
