import numpy as np


def call(module):
    r = np.random.default_rng(1)
    net = module.CaptionDecoder(d_model=5, d_head=3, d_ff=4, n_layers=2, seed=2)
    return {"subject": net, "inputs": (r.normal(size=(2, 4, 5)), r.normal(size=(2, 4, 5)))}
