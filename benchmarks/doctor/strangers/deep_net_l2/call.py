import numpy as np


def call(module):
    net = module.DeepNet(layers_dims=[5, 7, 4, 1], lambd=0.7)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5, 6))
    Y = rng.integers(0, 2, (1, 6)).astype(float)
    return {"subject": net, "inputs": (X,), "target": Y}
