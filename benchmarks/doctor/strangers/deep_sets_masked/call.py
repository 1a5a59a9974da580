import numpy as np


def call(module):
    rng = np.random.default_rng(10)
    N, S, D = 150, 7, 4
    y = rng.integers(0, 3, N)
    mean = np.array([[1, 0, 0, -1], [0, 1, -1, 0], [-1, -1, 1, 1]]) * 0.7
    x = mean[y][:, None, :] + rng.normal(size=(N, S, D))
    ce = module.CrossEntropy
    return {"training_check": True, "subject": module.DeepSets(D), "x": x, "target": y,
            "loss": (ce.value, ce.gradient), "learning_rate": 0.2}
