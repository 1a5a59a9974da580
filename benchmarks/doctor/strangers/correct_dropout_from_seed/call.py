import numpy as np


def call(module):
    return {"subject": module.Block(5, p=0.4, seed=3), "inputs": (np.random.default_rng(43).normal(size=(4, 5)),), "training": True}
