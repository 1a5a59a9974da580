import numpy as np


def call(module):
    r = np.random.default_rng(0)
    return {"subject": module.make_alibi(2), "inputs": (r.normal(size=(4, 3, 6)), r.normal(size=(6, 18)) * 0.4, r.normal(size=(6, 5))),
            "intent": ("causal",)}
