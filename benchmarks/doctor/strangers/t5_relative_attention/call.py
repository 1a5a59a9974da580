import numpy as np


def call(module):
    return {"subject": module.RelativeSelfAttention(6, 2, seed=4), "inputs": (np.random.default_rng(4).normal(size=(2, 5, 6)),)}
