import numpy as np


def call(module):
    np.random.seed(3)
    net = module.ConvNet(input_dim=(1, 8, 6), n_filters=(3, 4), hidden=7, n_classes=5)
    x = np.random.default_rng(0).normal(size=(3, 1, 8, 6))
    return {"subject": net, "inputs": (x,)}
