import numpy as np


def call(module):
    rng = np.random.default_rng(71)
    nu, ni = 31, 23
    pu, qi = rng.normal(size=(nu, 2)), rng.normal(size=(ni, 2))
    x = np.stack([rng.integers(1, nu, 300), rng.integers(1, ni, 300)], 1)
    y = (pu[x[:, 0]] * qi[x[:, 1]]).sum(1) + 0.2 * rng.normal(size=300)
    return {"training_check": True, "subject": module.Recommender(nu, ni), "x": x, "target": y, "learning_rate": 0.05}
