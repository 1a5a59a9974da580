import numpy as np


def call(module):
    rng = np.random.default_rng(6)
    V, N = 30, 240
    group = rng.integers(0, 6, N)
    words = group[:, None] * 5 + rng.integers(0, 5, (N, 5))
    return {"training_check": True, "subject": module.Cbow(V), "x": words[:, [0, 1, 3, 4]], "target": words[:, 2],
            "learning_rate": 0.2, "batch_size": 60}
