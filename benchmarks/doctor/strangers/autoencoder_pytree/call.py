import numpy as np


def call(module):
    rng = np.random.default_rng(1)
    params = module.init_params(rng, n_pixels=9, n_hidden=7, n_code=3)
    x = rng.random((5, 9))

    def forward(x):
        logits, residuals = module.forward(params, x)
        return logits, residuals

    def backward(g, residuals):
        grads, dx = module.backward(params, residuals, g)
        return dx, grads

    return {"subject": (forward, backward), "inputs": (x,), "params": params}
