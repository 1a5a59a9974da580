import numpy as np


def call(module):
    net = module.Llama(vocab_size=9, dim=16, n_heads=4, n_kv_heads=2, ffn=10, n_layers=2)
    return {"subject": net, "inputs": (np.random.default_rng(0).integers(0, 9, (2, 5)),), "intent": ("causal",)}
