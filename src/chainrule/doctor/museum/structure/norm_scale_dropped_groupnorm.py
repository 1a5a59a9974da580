"""Group normalisation, NCHW, written from the paper's formulas.

Symptom: right at the start (gamma = 1), wrong as soon as the channels' gammas differ.
Repair: multiply by gamma before the averages over a group are taken, not after.
"""
import numpy as np

CODES = ("norm-scale-dropped",)
PLACES = ("x",)


def make_groupnorm(groups=2, channels=6, eps=1e-5):
    class GroupNorm:
        def __init__(self):
            rng = np.random.default_rng(channels)
            self.gamma = rng.uniform(0.5, 2.0, (1, channels, 1, 1))
            self.beta = rng.uniform(-1, 1, (1, channels, 1, 1))
            self.dgamma = self.dbeta = None

        def forward(self, x):
            N, C, H, W = x.shape
            g = x.reshape(N, groups, -1)
            self.rstd = 1 / np.sqrt(g.var(axis=2, keepdims=True) + eps)
            self.hat = (g - g.mean(axis=2, keepdims=True)) * self.rstd
            return self.hat.reshape(x.shape) * self.gamma + self.beta

        def through_stats(self, d):
            flat = d.reshape(d.shape[0], groups, -1)
            along = (flat * self.hat).mean(axis=2, keepdims=True)
            return (self.rstd * (flat - flat.mean(axis=2, keepdims=True) - self.hat * along)).reshape(d.shape)

        def backward(self, dout):
            hat = self.hat.reshape(dout.shape)
            self.dgamma = (dout * hat).sum(axis=(0, 2, 3), keepdims=True)
            self.dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
            return self.through_stats(dout) * self.gamma  # FAULT

    return GroupNorm()


def make_groupnorm_repaired(groups=2, channels=6, eps=1e-5):
    class GroupNorm:
        def __init__(self):
            rng = np.random.default_rng(channels)
            self.gamma = rng.uniform(0.5, 2.0, (1, channels, 1, 1))
            self.beta = rng.uniform(-1, 1, (1, channels, 1, 1))
            self.dgamma = self.dbeta = None

        def forward(self, x):
            N, C, H, W = x.shape
            g = x.reshape(N, groups, -1)
            self.rstd = 1 / np.sqrt(g.var(axis=2, keepdims=True) + eps)
            self.hat = (g - g.mean(axis=2, keepdims=True)) * self.rstd
            return self.hat.reshape(x.shape) * self.gamma + self.beta

        def through_stats(self, d):
            flat = d.reshape(d.shape[0], groups, -1)
            along = (flat * self.hat).mean(axis=2, keepdims=True)
            return (self.rstd * (flat - flat.mean(axis=2, keepdims=True) - self.hat * along)).reshape(d.shape)

        def backward(self, dout):
            hat = self.hat.reshape(dout.shape)
            self.dgamma = (dout * hat).sum(axis=(0, 2, 3), keepdims=True)
            self.dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
            return self.through_stats(dout * self.gamma)

    return GroupNorm()


def faulty():
    return {"subject": make_groupnorm(), "inputs": (np.random.default_rng(2).normal(1, 2, (2, 6, 3, 4)),)}


def correct():
    return {"subject": make_groupnorm_repaired(), "inputs": (np.random.default_rng(2).normal(1, 2, (2, 6, 3, 4)),)}
