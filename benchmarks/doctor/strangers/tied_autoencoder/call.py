import numpy as np


def call(module):
    rng = np.random.default_rng(28)
    z = rng.normal(size=(40, 2))
    x = z @ rng.normal(size=(2, 6)) + 0.05 * rng.normal(size=(40, 6))
    return {"training_check": True, "subject": module.TiedAutoencoder(6, 3, seed=1), "x": x, "target": x}
