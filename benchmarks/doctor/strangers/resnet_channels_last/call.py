import numpy as np


def call(module):
    net = module.ResNet(in_channels=3, width=4, n_classes=3)
    x = np.random.default_rng(0).normal(size=(2, 6, 8, 3))
    return {"subject": net, "inputs": (x,), "training": True}
