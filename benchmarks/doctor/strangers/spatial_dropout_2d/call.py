import numpy as np


def call(module):
    return {"subject": module.ConvHead(3, 5, rate=0.4, seed=2), "inputs": (np.random.default_rng(2).normal(size=(2, 3, 4, 5)),)}
