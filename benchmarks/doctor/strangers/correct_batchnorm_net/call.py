import numpy as np


def call(module):
    rng = np.random.default_rng(66)
    y = rng.integers(0, 4, 240)
    X = (rng.normal(size=(4, 10)) * 1.3)[y] + rng.normal(size=(240, 10)) + 3.0
    return {"training_check": True, "subject": module.Net(), "x": X, "target": y, "learning_rate": 0.1, "batch_size": 40}
