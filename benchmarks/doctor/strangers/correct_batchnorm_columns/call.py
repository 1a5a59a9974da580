import numpy as np


def call(module):
    return {"subject": module.BatchNormColumns(3), "inputs": (np.random.default_rng(48).normal(1, 2, size=(3, 7)),), "training": True}
