import numpy as np


def call(module):
    layer = module.DepthwiseConv1d(channels=3, width=5, dilation=2)
    return {"subject": layer, "inputs": (np.random.default_rng(2).normal(size=(2, 13, 3)),)}
