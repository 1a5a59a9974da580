import numpy as np


def call(module):
    rng = np.random.default_rng(5)
    return {"subject": module.MoE(4, 2, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}
