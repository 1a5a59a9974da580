import numpy as np


def call(module):
    rng = np.random.default_rng(18)
    x = rng.normal(size=(6, 4))
    y = x @ rng.normal(size=4) + 0.1 * rng.normal(size=6)
    return {"subject": module.MaxoutRegressor(4, 5, seed=1), "inputs": (x,), "target": y, "loss": (module.pinball, module.pinball_grad)}
