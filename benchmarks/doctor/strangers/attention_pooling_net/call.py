import numpy as np


def call(module):
    rng = np.random.default_rng(8)
    N, T, D = 150, 6, 7
    proto = rng.normal(size=(3, D)) * 2
    y = rng.integers(0, 3, N)
    x = rng.normal(size=(N, T, D))
    for n in range(N):
        x[n, rng.integers(0, T)] += proto[y[n]]
    return {"training_check": True, "subject": module.AttentionPool(D), "x": x, "target": y,
            "loss": (module.loss, module.loss_gradient), "batch_size": 30}
