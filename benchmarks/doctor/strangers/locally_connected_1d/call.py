import numpy as np


def call(module):
    return {"subject": module.LocallyConnected1D(10, 3, 2, width=4, hop=2), "inputs": (np.random.default_rng(1).normal(size=(3, 10, 3)),)}
