import numpy as np


def call(module):
    return {"subject": module.TextConv(4, 3, 2, seed=7), "inputs": (np.random.default_rng(7).normal(size=(2, 4, 6)),)}
