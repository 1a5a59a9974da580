import numpy as np


def call(module):
    r = np.random.default_rng(1)
    net = module.JetEnergy(n_feat=3, width=5, depth=2, seed=2)
    return {"subject": net, "inputs": (r.normal(size=(3, 6, 3)), np.array([4, 6, 2]))}
