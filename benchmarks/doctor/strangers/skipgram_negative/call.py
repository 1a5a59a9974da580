import numpy as np


def call(module):
    rng = np.random.default_rng(0)
    model = module.SkipGram(vocab_size=8, dim=5)
    centre, context = rng.integers(0, 8, 6), rng.integers(0, 8, (6, 4))
    labels = np.zeros((6, 4))
    labels[:, 0] = 1.0
    return {"subject": model, "inputs": (centre, context), "target": labels,
            "loss": (module.ns_loss, module.ns_loss_grad)}
