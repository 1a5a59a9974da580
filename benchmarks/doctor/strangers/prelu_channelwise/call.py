import numpy as np


def call(module):
    rng = np.random.default_rng(3)
    return {"subject": module.PReLU2d(3), "inputs": (rng.normal(size=(2, 3, 4, 5)),)}
