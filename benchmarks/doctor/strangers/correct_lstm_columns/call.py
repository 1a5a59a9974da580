import numpy as np


def call(module):
    net = module.Predictor(nx=2, nh=5, ny=3)
    return {"subject": net, "inputs": (np.random.default_rng(0).normal(size=(6, 2, 4)),)}
