import numpy as np


def call(module):
    p = module.init(7, 5, seed=3)
    x = np.random.default_rng(8).normal(size=(4, 7))
    return {"subject": (module.unroll, module.unroll_backward), "inputs": (x, p.We, p.S, p.theta)}
