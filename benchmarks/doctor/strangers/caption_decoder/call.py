import numpy as np


def call(module):
    rng = np.random.default_rng(24)
    words = rng.integers(1, 7, size=(3, 5))
    return {"subject": module.CaptionDecoder(4, 7, 3, 5, seed=2), "inputs": (rng.normal(size=(3, 4)), words), "target": words,
            "loss": (module.xent, module.xent_grad), "intent": ("causal",)}
