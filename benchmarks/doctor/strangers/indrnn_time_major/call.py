import numpy as np


def call(module):
    return {"subject": module.IndRNN(3, 5, seed=1), "inputs": (np.random.default_rng(1).normal(size=(4, 2, 3)),)}
