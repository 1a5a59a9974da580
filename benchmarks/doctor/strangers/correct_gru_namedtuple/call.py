import numpy as np


def call(module):
    rng = np.random.default_rng(0)
    params = module.init(n_in=3, n_hidden=5, n_out=2)
    return {"subject": (module.forward, module.backward),
            "inputs": (rng.normal(size=(6, 4, 3)), rng.normal(size=(4, 5)), params)}
