import numpy as np


def call(module):
    norm = module.GruppenNorm(6, G=2)
    return {"subject": norm, "inputs": (np.random.default_rng(8).normal(1.0, 2.0, (6, 5)),)}
