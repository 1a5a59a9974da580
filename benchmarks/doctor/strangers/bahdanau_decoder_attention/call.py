import numpy as np


def call(module):
    rng = np.random.default_rng(15)
    return {"subject": module.CrossAttention(4, 3, seed=1), "inputs": (rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 6, 4)))}
