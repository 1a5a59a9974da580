import numpy as np


def call(module):
    P, fwd, bwd = module.make_ssm(d_in=3, n_state=4, seed=2)
    u = np.random.default_rng(1).normal(size=(6, 2, 3))
    return {"subject": (fwd, bwd), "inputs": (u, P["nu"], P["B"], P["C"], P["D"])}
