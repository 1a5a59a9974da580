import numpy as np


def call(module):
    net = module.Regressor(n_in=4, n_hidden=5, n_out=2, pieces=3)
    rng = np.random.default_rng(0)
    return {"subject": net, "inputs": (rng.normal(size=(6, 4)),), "target": rng.normal(size=(6, 2))}
