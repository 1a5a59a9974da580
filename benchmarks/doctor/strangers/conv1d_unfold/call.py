import numpy as np


def call(module):
    return {"subject": module.Conv1d(3, 4, 2, stride=2, padding=1, seed=2), "inputs": (np.random.default_rng(2).normal(size=(2, 3, 7)),)}
