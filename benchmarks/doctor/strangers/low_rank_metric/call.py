import numpy as np


def call(module):
    rng = np.random.default_rng(7)
    return {"subject": module.LowRankMetric(5, 3), "inputs": (rng.normal(size=(4, 5)), rng.normal(size=(4, 5)))}
