import numpy as np


def call(module):
    rng = np.random.default_rng(21)
    return {"subject": module.PairDistance(), "inputs": (rng.normal(size=(5, 3)), rng.normal(size=(5, 3)))}
