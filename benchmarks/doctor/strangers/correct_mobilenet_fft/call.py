import numpy as np


def call(module):
    net = module.MobileNet(channels=2, width=5, classes=3)
    return {"subject": net, "inputs": (np.random.default_rng(0).normal(size=(3, 6, 7, 2)),)}
