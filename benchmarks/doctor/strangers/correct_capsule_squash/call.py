import numpy as np


def call(module):
    return {"subject": module.CapsuleLayer(4, 3, 2, 5, seed=1), "inputs": (np.random.default_rng(0).normal(size=(3, 4, 3)),)}
