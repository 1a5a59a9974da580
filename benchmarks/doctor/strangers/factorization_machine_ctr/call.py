import numpy as np


def call(module):
    rng = np.random.default_rng(4)
    n = 14
    X = rng.normal(size=(200, n)) * (rng.random((200, n)) < 0.5)
    w = rng.normal(size=n)
    V = rng.normal(size=(n, 3)) * 0.4
    y = X @ w + 0.5 * ((X @ V) ** 2 - X ** 2 @ V ** 2).sum(1) + 0.1 * rng.normal(size=200)
    return {"training_check": True, "subject": module.FM(n), "x": X, "target": y, "batch_size": 50}
