import numpy as np


def call(module):
    np.random.seed(0)
    red = module.construir_red(canales=2, lado=7, filtros=3, clases=4)
    return {"subject": red, "inputs": (np.random.default_rng(0).normal(size=(3, 2, 7, 7)),)}
