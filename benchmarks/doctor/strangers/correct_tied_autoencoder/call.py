import numpy as np


def call(module):
    rng = np.random.default_rng(27)
    proto = (rng.random((5, 20)) < 0.5).astype(float)
    k = rng.integers(0, 5, 200)
    flip = rng.random((200, 20)) < 0.05
    X = np.abs(proto[k] - flip)
    return {"training_check": True, "subject": module.TiedAutoencoder(20), "x": X, "target": X, "batch_size": 50}
