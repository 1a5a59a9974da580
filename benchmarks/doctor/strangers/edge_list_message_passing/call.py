import numpy as np


def call(module):
    rng = np.random.default_rng(4)
    net = module.EdgeConv(module.EDGES, rng.uniform(0.2, 1, len(module.EDGES)), 3, 2)
    return {"subject": net, "inputs": (rng.normal(size=(5, 3)),)}
