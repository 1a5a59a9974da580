import numpy as np


def call(module):
    ode = module.NeuralODE(dim=3, hidden=5, steps=3)
    return {"subject": ode, "inputs": (np.random.default_rng(0).normal(size=(4, 3)),)}
