import numpy as np


def call(module):
    rng = np.random.default_rng(13)
    return {"subject": module.AttentionPooling(4, 3, rng), "inputs": (rng.normal(size=(2, 5, 4)),)}
