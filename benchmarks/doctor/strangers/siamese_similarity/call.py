import numpy as np


def call(module):
    rng = np.random.default_rng(17)
    centres = rng.normal(size=(4, 8)) * 1.2
    N = 160
    k1 = rng.integers(0, 4, N)
    same = rng.integers(0, 2, N)
    k2 = np.where(same == 1, k1, (k1 + rng.integers(1, 4, N)) % 4)
    pairs = np.stack([centres[k1], centres[k2]], axis=1) + 0.5 * rng.normal(size=(N, 2, 8))
    return {"training_check": True, "subject": module.SiameseNet(8), "x": pairs, "target": same, "batch_size": 40}
