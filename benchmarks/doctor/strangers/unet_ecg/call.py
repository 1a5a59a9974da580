import numpy as np


def call(module):
    np.random.seed(0)
    net = module.UNet(in_channels=2, base=3, n_out=2)
    x = np.random.default_rng(0).normal(size=(3, 2, 12))
    return {"subject": net, "inputs": (x,)}
