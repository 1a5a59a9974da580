"""Batch normalization in inference mode, for fine-tuning with frozen statistics.

Symptom: the analytical dx is off by the same small number everywhere.
Repair: the epsilon is in std already; added behind a division without parentheses it becomes an
offset.
"""
from collections import namedtuple

import numpy as np

CODES = ("constant-offset",)
PLACES = ("x", "dx")


EPS = 1e-3
FrozenStatistics = namedtuple("FrozenStatistics", "mean variance")
Cache = namedtuple("Cache", "x_hat std gamma")


def frozen_batchnorm(x, gamma, beta, statistics=None):
    if statistics is None:
        features = np.arange(x.shape[1])
        statistics = FrozenStatistics(mean=0.1 * features, variance=1.0 + 0.3 * features)
    std = np.sqrt(statistics.variance + EPS)
    x_hat = (x - statistics.mean) / std
    return gamma * x_hat + beta, Cache(x_hat, std, gamma)


def frozen_batchnorm_backward(dout, cache):
    dgamma = np.einsum("nf,nf->f", dout, cache.x_hat)
    dbeta = np.einsum("nf->f", dout)
    dx = dout * cache.gamma / cache.std + EPS  # FAULT
    return dx, dgamma, dbeta


def frozen_batchnorm_repaired(x, gamma, beta, statistics=None):
    if statistics is None:
        features = np.arange(x.shape[1])
        statistics = FrozenStatistics(mean=0.1 * features, variance=1.0 + 0.3 * features)
    std = np.sqrt(statistics.variance + EPS)
    x_hat = (x - statistics.mean) / std
    return gamma * x_hat + beta, Cache(x_hat, std, gamma)


def frozen_batchnorm_backward_repaired(dout, cache):
    dgamma = np.einsum("nf,nf->f", dout, cache.x_hat)
    dbeta = np.einsum("nf->f", dout)
    dx = dout * cache.gamma / cache.std
    return dx, dgamma, dbeta


def faulty():
    rng = np.random.default_rng(39)
    x, gamma, beta = rng.normal(size=(5, 4)), rng.uniform(0.5, 2.0, 4), rng.normal(size=4)
    pair = (frozen_batchnorm, frozen_batchnorm_backward)
    return {"subject": pair, "inputs": (x, gamma, beta)}


def correct():
    rng = np.random.default_rng(39)
    x, gamma, beta = rng.normal(size=(5, 4)), rng.uniform(0.5, 2.0, 4), rng.normal(size=4)
    pair = (frozen_batchnorm_repaired, frozen_batchnorm_backward_repaired)
    return {"subject": pair, "inputs": (x, gamma, beta)}
