import numpy as np


def call(module):
    rng = np.random.default_rng(10)
    return {"subject": module.AffineCoupling(3, rng), "inputs": (rng.normal(size=(5, 6)),)}
