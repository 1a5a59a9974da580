import numpy as np


def call(module):
    rng = np.random.default_rng(0)
    model = module.CBOW(vocab_size=9, dim=5)
    return {"subject": model, "inputs": (rng.integers(0, 9, (4, 3)),), "target": rng.integers(0, 9, 4),
            "loss": (module.softmax_cross_entropy, module.softmax_cross_entropy_grad)}
