import numpy as np


def call(module):
    return {"subject": module.DropPathResidual(4, drop=0.4, seed=3), "inputs": (np.random.default_rng(6).normal(size=(7, 4)),), "training": True}
