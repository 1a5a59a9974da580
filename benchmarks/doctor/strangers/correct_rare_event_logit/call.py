import numpy as np


def call(module):
    rng = np.random.default_rng(13)
    X = rng.normal(size=(300, 6))
    s = 1.5 * X[:, 0] - X[:, 1] + 0.3 * rng.normal(size=300)
    y = (s > np.quantile(s, 0.8)).astype(float)
    return {"training_check": True, "subject": module.RareEventNet(6, y.mean()), "x": X, "target": y, "learning_rate": 0.1}
