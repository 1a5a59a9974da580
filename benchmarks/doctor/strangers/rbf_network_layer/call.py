import numpy as np


def call(module):
    layer = module.GaussianBasis(n_coords=3, n_centres=5)
    x = np.random.default_rng(3).normal(size=(4, 3))
    return {"subject": layer, "inputs": (x,)}
