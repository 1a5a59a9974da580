import numpy as np


def call(module):
    return {"subject": module.MixerBlock(4, 3, seed=2), "inputs": (np.random.default_rng(5).normal(size=(2, 4, 3)),)}
