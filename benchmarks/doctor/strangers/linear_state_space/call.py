import numpy as np


def call(module):
    return {"subject": module.LinearSSM(4, 3, 2, seed=5), "inputs": (np.random.default_rng(6).normal(size=(2, 5, 3)),)}
