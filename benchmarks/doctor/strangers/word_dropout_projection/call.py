import numpy as np


def call(module):
    enc = module.Encoder(e=4, h=3, p=0.4, seed=1)
    return {"subject": enc, "inputs": (np.random.default_rng(7).normal(size=(3, 6, 4)),), "training": True}
