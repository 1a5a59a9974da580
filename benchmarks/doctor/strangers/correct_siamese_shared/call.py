import numpy as np


def call(module):
    net = module.Siamese(n_in=4, n_hidden=6, n_embed=3)
    rng = np.random.default_rng(0)
    return {"subject": net, "inputs": (rng.normal(size=(5, 4)), rng.normal(size=(5, 4))),
            "target": np.array([1.0, 0.0, 1.0, 0.0, 0.0]), "loss": (module.contrastive, module.contrastive_grad)}
