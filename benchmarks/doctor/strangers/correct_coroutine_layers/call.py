import numpy as np


def call(module):
    net = module.Net(n_in=5, width=6, n_out=3)
    return {"subject": net, "inputs": (np.random.default_rng(0).normal(size=(4, 5)),)}
