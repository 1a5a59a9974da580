import numpy as np


def call(module):
    rng = np.random.default_rng(11)
    layer = module.FiLM(5, 3, np.random.default_rng(2))
    return {"subject": layer, "inputs": (rng.normal(size=(4, 3, 6, 2)), rng.normal(size=(4, 5)))}
