import numpy as np


def call(module):
    rng = np.random.default_rng(19)
    return {"subject": (module.alibi_attention, module.alibi_attention_backward),
            "inputs": tuple(rng.normal(size=(2, 3, 5, 4)) for _ in range(3)), "intent": ("causal",)}
