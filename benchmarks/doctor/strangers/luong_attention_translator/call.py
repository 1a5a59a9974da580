import numpy as np


def call(module):
    r = np.random.default_rng(3)
    net = module.Translator(vocab_src=7, vocab_tgt=6, emb=3, hid=4, seed=1)
    src, tgt = r.integers(0, 7, (5, 2)), r.integers(0, 6, (4, 2))
    tgt_in = np.concatenate([np.zeros((1, 2), int), tgt[:-1]])
    return {"subject": net, "inputs": (src, tgt_in), "target": tgt, "loss": (module.loss_fn, module.loss_grad)}
