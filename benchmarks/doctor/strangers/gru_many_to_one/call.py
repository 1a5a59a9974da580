import numpy as np


def call(module):
    rng = np.random.default_rng(12)
    x = rng.normal(size=(128, 8, 3))
    y = (x[:, :, 0].sum(1) + x[:, -1, 1] * 2 > 0).astype(int)
    return {"training_check": True, "subject": module.GRUClassifier(3), "x": x, "target": y,
            "learning_rate": 0.3, "batch_size": 32}
