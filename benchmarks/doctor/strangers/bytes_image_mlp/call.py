import numpy as np


def call(module):
    rng = np.random.default_rng(50)
    N = 160
    y = rng.integers(0, 4, N)
    base = rng.normal(size=(4, 6, 7)) * 22
    x = np.clip(128 + base[y] + rng.normal(size=(N, 6, 7)) * 45, 0, 255).astype(np.uint8)
    return {"training_check": True, "subject": module.ByteImageNet(6, 7), "x": x, "target": y, "learning_rate": 0.05}
