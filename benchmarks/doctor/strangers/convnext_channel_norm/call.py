import numpy as np


def call(module):
    return {"subject": module.ChannelLayerNorm2d(5), "inputs": (np.random.default_rng(4).normal(size=(2, 5, 3, 4)),)}
