import numpy as np


def call(module):
    rng = np.random.default_rng(26)
    x = rng.normal(size=(8, 5))
    return {"subject": module.HighwayFocal(5, seed=3), "inputs": (x,), "target": (x[:, 0] + x[:, 1] > 0).astype(int)}
