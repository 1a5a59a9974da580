import numpy as np


def call(module):
    net = module.Captioner(n_region_features=4, vocab=7, d=6, heads=2)
    rng = np.random.default_rng(0)
    target = rng.integers(1, 7, (3, 5))
    target[1, 3:] = 0
    blank = np.array([[False, False, False, False], [False, False, False, True], [False, False, True, True]])
    return {"subject": net, "inputs": (rng.normal(size=(3, 4, 4)), rng.integers(0, 7, (3, 5))), "target": target,
            "loss": (module.masked_nll, module.masked_nll_grad), "forward_kwargs": {"key_padding_mask": blank},
            "intent": ("causal", "padding")}
