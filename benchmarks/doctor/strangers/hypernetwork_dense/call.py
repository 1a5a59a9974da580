import numpy as np


def call(module):
    rng = np.random.default_rng(8)
    net = module.HyperDense(4, 3, 2, 5, seed=1)
    return {"subject": net, "inputs": (rng.normal(size=(6, 4)), rng.normal(size=(6, 2)))}
