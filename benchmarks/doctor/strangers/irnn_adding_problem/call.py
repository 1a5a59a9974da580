import numpy as np


def call(module):
    rng = np.random.default_rng(23)
    T, B = 12, 100
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    for b in range(B):
        x[rng.choice(T, 2, replace=False), b, 1] = 1
    y = (x[:, :, 0] * x[:, :, 1]).sum(0)
    return {"training_check": True, "subject": module.IRNN(), "x": x, "target": y, "learning_rate": 0.005}
