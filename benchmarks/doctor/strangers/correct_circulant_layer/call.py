import numpy as np


def call(module):
    rng = np.random.default_rng(45)
    return {"subject": (module.circulant_forward, module.circulant_backward), "inputs": (rng.normal(size=(3, 7)), rng.normal(size=7), rng.normal(size=7))}
