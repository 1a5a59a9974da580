import numpy as np


def call(module):
    r = np.random.default_rng(1)
    net = module.UNet1D(cin=2, width=3, cout=1, seed=3)
    return {"subject": net, "inputs": (r.normal(size=(2, 8, 2)),), "target": r.normal(size=(2, 8, 1)),
            "loss": (module.mse, module.mse_grad)}
