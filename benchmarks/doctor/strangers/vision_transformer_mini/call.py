import numpy as np


def call(module):
    net = module.ViT(image_size=8, patch_size=4, channels=2, dim=6, depth=2, heads=3, mlp_dim=10, num_classes=5)
    return {"subject": net, "inputs": (np.random.default_rng(0).normal(size=(2, 8, 8, 2)),)}
