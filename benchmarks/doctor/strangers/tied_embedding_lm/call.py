import numpy as np


def call(module):
    lm = module.TiedLM(vocab=9, d_model=6, d_ff=10, n_layers=2)
    rng = np.random.default_rng(0)
    return {"subject": lm, "inputs": (rng.integers(0, 9, (2, 5)),), "target": rng.integers(0, 9, (2, 5)),
            "loss": (module.nll, module.nll_grad), "intent": ("causal",)}
