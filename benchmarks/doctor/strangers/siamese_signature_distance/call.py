import numpy as np


def call(module):
    r = np.random.default_rng(1)
    net = module.Siamese(n_in=4, n_hidden=5, n_code=3, seed=2)
    return {"subject": net, "inputs": (r.normal(size=(3, 4)), r.normal(size=(3, 4))),
            "target": np.array([1.0, 0.0, 1.0]), "loss": (module.contrastive, module.contrastive_grad)}
