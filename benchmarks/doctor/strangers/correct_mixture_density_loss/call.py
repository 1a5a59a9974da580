import numpy as np


def call(module):
    r = np.random.default_rng(2)
    return {"subject": module.Trunk(d=2, h=5, k=2, seed=1), "inputs": (r.normal(size=(4, 2)),), "target": r.normal(size=4),
            "loss": (module.mdn_nll, module.mdn_nll_grad)}
