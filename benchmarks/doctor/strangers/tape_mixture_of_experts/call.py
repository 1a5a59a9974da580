import numpy as np


def call(module):
    net = module.Mixture(nin=4, nhid=6, nout=2)
    return {"subject": net, "inputs": (np.random.default_rng(0).normal(size=(5, 4)),)}
