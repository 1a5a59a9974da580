import numpy as np


def call(module):
    model = module.GPT(vocab_size=13, block_size=8, dim=6, n_head=2, n_layer=2)
    idx = np.random.default_rng(0).integers(0, 13, (3, 5))
    return {"subject": model, "inputs": (idx,), "intent": ("causal",)}
