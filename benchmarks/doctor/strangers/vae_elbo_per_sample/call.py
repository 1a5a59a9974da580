import numpy as np


def call(module):
    r = np.random.default_rng(1)
    vae = module.VAE(n_x=5, n_h=4, n_z=3, kl_weight=0.5, seed=2)
    return {"subject": vae, "inputs": (r.uniform(size=(2, 5)), r.normal(size=(2, 3)))}
