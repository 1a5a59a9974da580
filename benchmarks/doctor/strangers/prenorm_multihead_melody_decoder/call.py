import numpy as np


def call(module):
    ids = np.random.default_rng(1).integers(0, 7, (2, 6))
    net = module.MelodyDecoder(notes=7, n=6, heads=2, depth=2, seed=1)
    return {"subject": net, "inputs": (ids[:, :-1],), "target": ids[:, 1:],
            "loss": (module.cross_entropy, module.cross_entropy_grad), "intent": ("causal",)}
