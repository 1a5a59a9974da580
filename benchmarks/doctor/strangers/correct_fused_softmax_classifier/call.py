import numpy as np


def call(module):
    net = module.Classifier(sizes=(6, 7, 5, 4))
    rng = np.random.default_rng(0)
    return {"subject": net, "inputs": (rng.normal(size=(5, 6)),), "target": rng.integers(0, 4, 5),
            "loss": (net.criterion.value, net.criterion.delta)}
