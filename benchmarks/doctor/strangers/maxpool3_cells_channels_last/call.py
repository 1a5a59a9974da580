import numpy as np


def call(module):
    img = np.maximum(np.random.default_rng(4).normal(size=(2, 7, 4, 3)), 0)
    return {"subject": (module.pool_fwd, module.pool_bwd), "inputs": (img,)}
