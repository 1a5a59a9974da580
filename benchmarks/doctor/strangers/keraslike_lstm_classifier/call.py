import numpy as np


def call(module):
    model = module.build_model(features=3, units=5, classes=4)
    x = np.random.default_rng(0).normal(size=(2, 6, 3))
    return {"subject": model, "inputs": (x,)}
