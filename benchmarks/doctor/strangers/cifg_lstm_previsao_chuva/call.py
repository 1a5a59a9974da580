import numpy as np


def call(module):
    r = np.random.default_rng(1)
    net = module.Previsor(n_ent=3, n_oc=4, semente=1)
    return {"subject": net, "inputs": (r.normal(size=(2, 6, 3)),), "target": r.normal(size=(2, 1)),
            "loss": (module.erro_quadratico, module.d_erro_quadratico)}
