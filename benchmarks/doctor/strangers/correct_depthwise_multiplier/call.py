import numpy as np


def call(module):
    return {"subject": module.DepthwiseConv1d(3, 2, 4, seed=1), "inputs": (np.random.default_rng(47).normal(size=(7, 2, 3)),)}
