"""A feed-forward block with the swish activation, y = swish(x W1 + b1) W2 + b2.

Symptom: within a few percent of the right gradient near zero, far off for large pre-activations.
Repair: swish'(z) = s + z s (1 - s) with s = sigmoid(z); the code reads its stored output where z is meant.
"""
from collections import namedtuple

import numpy as np

CODES = ("activation-derivative-misplaced",)
PLACES = ("w1", "b1", "x", "")

Cache = namedtuple("Cache", "x z hidden w1 w2")


def logistic(v):
    return 1.0 / (1.0 + np.exp(-v))


def feed_forward(x, w1, b1, w2, b2):
    z = np.einsum("bti,ih->bth", x, w1) + b1
    hidden = z * logistic(z)
    y = np.einsum("bth,ho->bto", hidden, w2) + b2
    return y, Cache(x, z, hidden, w1, w2)


def feed_forward_backward(dy, cache):
    dw2 = np.einsum("bth,bto->ho", cache.hidden, dy)
    db2 = np.einsum("bto->o", dy)
    dhidden = np.einsum("bto,ho->bth", dy, cache.w2)
    z = cache.hidden  # FAULT
    s = logistic(z)
    dz = dhidden * (s + z * s * (1.0 - s))
    dw1 = np.einsum("bti,bth->ih", cache.x, dz)
    db1 = np.einsum("bth->h", dz)
    dx = np.einsum("bth,ih->bti", dz, cache.w1)
    return dict(dx=dx, dw1=dw1, db1=db1, dw2=dw2, db2=db2)


def feed_forward_repaired(x, w1, b1, w2, b2):
    z = np.einsum("bti,ih->bth", x, w1) + b1
    hidden = z * logistic(z)
    y = np.einsum("bth,ho->bto", hidden, w2) + b2
    return y, Cache(x, z, hidden, w1, w2)


def feed_forward_backward_repaired(dy, cache):
    dw2 = np.einsum("bth,bto->ho", cache.hidden, dy)
    db2 = np.einsum("bto->o", dy)
    dhidden = np.einsum("bto,ho->bth", dy, cache.w2)
    z = cache.z
    s = logistic(z)
    dz = dhidden * (s + z * s * (1.0 - s))
    dw1 = np.einsum("bti,bth->ih", cache.x, dz)
    db1 = np.einsum("bth->h", dz)
    dx = np.einsum("bth,ih->bti", dz, cache.w1)
    return dict(dx=dx, dw1=dw1, db1=db1, dw2=dw2, db2=db2)


def faulty():
    rng = np.random.default_rng(12)
    inputs = (rng.normal(size=(2, 4, 3)), rng.normal(size=(3, 6)), rng.normal(size=6),
              rng.normal(size=(6, 5)), rng.normal(size=5))
    return {"subject": (feed_forward, feed_forward_backward), "inputs": inputs}


def correct():
    rng = np.random.default_rng(12)
    inputs = (rng.normal(size=(2, 4, 3)), rng.normal(size=(3, 6)), rng.normal(size=6),
              rng.normal(size=(6, 5)), rng.normal(size=5))
    return {"subject": (feed_forward_repaired, feed_forward_backward_repaired), "inputs": inputs}
