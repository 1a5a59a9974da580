"""Variational autoencoder: the sampling step z = mu + exp(logvar / 2) * eps."""
import numpy as np


def sample(mu, logvar, eps):
    std = np.exp(0.5 * logvar)
    z = mu + std * eps
    return z, dict(mu=mu, logvar=logvar, std=std, eps=eps)


def sample_backward(dz, c):
    dmu = dz.copy()
    dlogvar = 0.5 * dz * c["std"] * c["eps"]
    deps = dz * c["std"]
    return dmu, dlogvar, deps


def kl(mu, logvar):
    return 0.5 * np.sum(np.exp(logvar) + mu ** 2 - 1.0 - logvar)


def kl_backward(mu, logvar):
    return mu, 0.5 * (np.exp(logvar) - 1.0)


def elbo_terms(x, xr, mu, logvar):
    return 0.5 * np.sum((x - xr) ** 2), kl(mu, logvar)


if __name__ == "__main__":
    r = np.random.default_rng(0)
    z, c = sample(r.normal(size=(3, 2)), r.normal(size=(3, 2)), r.normal(size=(3, 2)))
    print(z)
