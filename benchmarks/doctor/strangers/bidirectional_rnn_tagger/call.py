import numpy as np


def call(module):
    r = np.random.default_rng(3)
    net = module.Tagger(n_words=7, n_tags=3, dim=2, hidden=4, seed=1)
    return {"subject": net, "inputs": (r.integers(0, 7, (2, 5)),), "target": r.integers(0, 3, (2, 5)),
            "loss": (module.tag_loss, module.tag_loss_grad)}
