import numpy as np


def call(module):
    rng = np.random.default_rng(19)
    N = 90
    y = rng.integers(0, 3, N)
    x = 0.6 + 0.15 * rng.normal(size=(N, 1, 8, 8))
    for n in range(N):
        p = rng.integers(2, 6)
        if y[n] == 0:
            x[n, 0, p, :] += 2.0
        elif y[n] == 1:
            x[n, 0, :, p] += 2.0
        else:
            x[n, 0, np.arange(8), np.arange(8)] += 2.0
    return {"training_check": True, "subject": module.CNN(), "x": x, "target": y, "learning_rate": 0.05, "batch_size": 30}
