import numpy as np


def call(module):
    rng = np.random.default_rng(14)
    N, L = 120, 20
    y = rng.integers(0, 3, N)
    t = np.arange(L)
    freq = np.array([0.3, 1.2, 2.6])[y]
    phase = rng.uniform(0, 2 * np.pi, (N, 1))
    s = np.sin(freq[:, None] * t + phase)
    x = np.stack([s, np.cos(freq[:, None] * t + phase)], axis=2) * 1.5 + 0.3 * rng.normal(size=(N, L, 2))
    return {"training_check": True, "subject": module.TemporalConvNet(2), "x": x, "target": y, "learning_rate": 0.3}
