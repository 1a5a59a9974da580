import numpy as np


def call(module):
    net = module.Net(channels=2, width=3, classes=4)
    rng = np.random.default_rng(0)
    return {"subject": net, "inputs": (rng.normal(size=(5, 2, 9, 8)),), "target": rng.integers(0, 4, 5),
            "loss": (module.loss, module.dloss), "training": True}
