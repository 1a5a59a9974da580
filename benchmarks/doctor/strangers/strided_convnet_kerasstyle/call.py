import numpy as np


def call(module):
    r = np.random.default_rng(1)
    return {"subject": module.buildModel(channels=2, classes=3, seed=4), "inputs": (r.normal(size=(2, 8, 7, 2)),),
            "target": np.eye(3)[[2, 0]], "loss": (module.categoricalCrossentropy, module.categoricalCrossentropyGradient)}
