import numpy as np


def call(module):
    np.random.seed(0)
    rng = np.random.default_rng(0)
    D = module.make_discriminator(hidden=8)
    return {"subject": D, "inputs": (rng.normal(size=(5, 2)),), "target": rng.integers(0, 2, (5, 1)).astype(float),
            "loss": (module.bce, module.bce_grad)}
