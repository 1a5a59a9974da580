import numpy as np


def call(module):
    rng = np.random.default_rng(16)
    return {"subject": (module.depthwise, module.depthwise_grad), "inputs": (rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(3, 3, 3))),
            "forward_kwargs": {"stride": 2, "pad": 1}}
