import numpy as np


def call(module):
    p = module.init(3, d_model=6, d_ff=5)
    x = np.random.default_rng(1).standard_normal((2, 3, 6))
    return {"subject": (module.apply, module.apply_vjp), "inputs": (x, p)}
