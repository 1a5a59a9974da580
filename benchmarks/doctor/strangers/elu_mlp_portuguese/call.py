import numpy as np


def call(module):
    rede = module.Rede((4, 6, 5, 3), semente=2)
    return {"subject": rede, "inputs": (np.random.default_rng(0).normal(size=(5, 4)),)}
