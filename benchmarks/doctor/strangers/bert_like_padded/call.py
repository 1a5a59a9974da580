import numpy as np


def call(module):
    net = module.BertClassifier(vocab=11, max_len=8, hidden=6, heads=2, intermediate=10, n_layers=2, n_classes=4)
    ids = np.random.default_rng(0).integers(0, 11, (3, 7))
    return {"subject": net, "inputs": (ids, np.array([7, 4, 5])), "intent": ("padding",)}
