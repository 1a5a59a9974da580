import numpy as np


def call(module):
    forward, backward, weights = module.make_mlp((3, 6, 5, 2))
    x = np.random.default_rng(0).normal(size=(4, 3))
    return {"subject": (forward, backward), "inputs": (x,), "params": weights}
