import numpy as np


def call(module):
    net = module.Translator(d_model=6, heads=2, d_ff=10, n_layers=2, vocab=7)
    rng = np.random.default_rng(0)
    return {"subject": net, "inputs": (rng.normal(size=(2, 5, 6)), rng.normal(size=(2, 4, 6)))}
