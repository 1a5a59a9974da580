import numpy as np


def call(module):
    rng = np.random.default_rng(34)
    return {"subject": module.Tower(6, width=16, depth=12, seed=1), "inputs": (rng.normal(size=(5, 6)),), "target": rng.normal(size=(5, 16)),
            "loss": (module.half_mse, module.half_mse_grad)}
