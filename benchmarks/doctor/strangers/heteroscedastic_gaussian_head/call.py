import numpy as np


def call(module):
    rng = np.random.default_rng(14)
    return {"subject": module.GaussianHead(5, 2, seed=3), "inputs": (rng.normal(size=(4, 5)), rng.normal(size=(4, 2)))}
