import numpy as np


def call(module):
    rng = np.random.default_rng(31)
    return {"subject": module.GatedConv1x1(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}
