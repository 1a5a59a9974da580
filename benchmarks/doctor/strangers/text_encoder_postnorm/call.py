import numpy as np


def call(module):
    net = module.TextEncoder(d_model=6, n_heads=2, d_ff=10, n_layers=2, n_classes=3)
    x = np.random.default_rng(0).normal(size=(4, 5, 6))
    return {"subject": net, "inputs": (x,)}
