import numpy as np


def call(module):
    rng = np.random.default_rng(0)
    parameters = module.initialize_parameters(n_x=3, n_a=5, n_y=4)
    x = rng.normal(size=(3, 2, 6))
    a0 = rng.normal(size=(5, 2))
    return {"subject": (module.rnn_forward, module.rnn_backward), "inputs": (x, a0, parameters)}
