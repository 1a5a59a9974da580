import numpy as np


def call(module):
    r = np.random.default_rng(12)
    return {"subject": (module.read, module.read_grad),
            "inputs": (r.normal(size=(3, 4)), r.normal(size=(5, 4)), r.uniform(0.5, 2.0, size=3))}
