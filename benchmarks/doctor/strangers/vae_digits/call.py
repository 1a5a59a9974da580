import numpy as np


def call(module):
    rng = np.random.default_rng(0)
    vae = module.VAE(n_in=9, n_hidden=7, n_latent=3)
    x = (rng.random((5, 9)) > 0.5).astype(float)
    eps = rng.normal(size=(5, 3))

    class Elbo:
        params, grads = vae.params, vae.grads

        def forward(self, x):
            return vae.loss(x, eps)

        def backward(self):
            return vae.backward()

    return {"subject": Elbo(), "inputs": (x,)}
