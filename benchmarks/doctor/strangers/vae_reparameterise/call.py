import numpy as np


def call(module):
    rng = np.random.default_rng(6)
    mu, logvar, eps = (rng.normal(size=(4, 3)) for _ in range(3))
    return {"subject": (module.sample, module.sample_backward), "inputs": (mu, logvar, eps)}
