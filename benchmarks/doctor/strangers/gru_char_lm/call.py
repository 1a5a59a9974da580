import numpy as np


def call(module):
    np.random.seed(0)
    lm = module.CharLM(vocab_size=11, emb=5, hidden=6)
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 11, (3, 4))
    return {"subject": lm, "inputs": (ids,), "target": rng.integers(0, 11, (3, 4)),
            "loss": (module.cross_entropy, module.cross_entropy_grad)}
