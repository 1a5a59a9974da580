import numpy as np


def call(module):
    rng = np.random.default_rng(29)
    y = rng.integers(0, 3, size=60)
    rates = np.full((3, 15), 0.08)
    for k in range(3):
        rates[k, 5 * k:5 * k + 5] = 0.7
    x = rng.poisson(rates[y]).astype(float)
    return {"training_check": True, "subject": module.TopicNet(15, 10, 3, seed=4), "x": x, "target": y}
