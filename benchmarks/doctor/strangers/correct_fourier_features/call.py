import numpy as np


def call(module):
    rng = np.random.default_rng(55)
    r = rng.integers(0, 3, 180)
    a = rng.uniform(0, 2 * np.pi, 180)
    X = (r + 0.5 + 0.15 * rng.normal(size=180))[:, None] * np.stack([np.cos(a), np.sin(a)], 1)
    return {"training_check": True, "subject": module.FourierClassifier(2), "x": X, "target": r, "learning_rate": 3.0}
