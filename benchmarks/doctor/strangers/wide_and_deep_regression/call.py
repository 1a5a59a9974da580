import numpy as np


def call(module):
    rng = np.random.default_rng(15)
    X = rng.random((250, 8))
    y = 2 * X[:, :1] - X[:, 1:2] + 2 * np.abs(X[:, 2:3] - X[:, 3:4]) + 0.05 * rng.normal(size=(250, 1))
    return {"training_check": True, "subject": module.WideDeep(8), "x": X, "target": y, "learning_rate": 0.05, "batch_size": 50}
