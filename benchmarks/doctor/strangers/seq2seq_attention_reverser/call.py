import numpy as np


def call(module):
    rng = np.random.default_rng(0)
    net = module.Seq2Seq(vocab=11, emb=4, hidden=6)
    src = rng.integers(1, 11, (5, 3))
    tgt_in = rng.integers(1, 11, (4, 3))
    return {"subject": net, "inputs": (src, tgt_in)}
