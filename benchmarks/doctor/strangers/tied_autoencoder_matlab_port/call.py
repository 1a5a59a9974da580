import numpy as np


def call(module):
    theta = module.initParams(5, 4, 3, seed=2)
    X = np.random.default_rng(0).normal(size=(5, 6))
    return {"subject": (module.forwardPass, module.backwardPass), "inputs": (X, *theta.values())}
