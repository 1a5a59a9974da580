"""Inverted dropout that scales its activations a second time when it is evaluated.

Symptom: accuracy is lower in evaluation than in training, the more so the deeper the network.
Repair: with inverted dropout nothing is left to do in evaluation.
"""
import numpy as np

CODES = ("train-eval-mismatch",)
PLACES = ("", "x", "training", "keep_prob")


def dense_dropout_forward(x, w, b, keep_prob=0.8, training=True, seed=None):
    """Dense layer with a sigmoid, followed by inverted dropout.

    x: (N, D), w: (D, M), b: (M,). The activations that are kept are divided by keep_prob, so that their
    expectation is the same in training and in evaluation. A seed makes the mask reproducible.
    """
    a = 1.0 / (1.0 + np.exp(-(x @ w + b)))
    if training:
        rng = np.random.default_rng(seed)
        factor = (rng.random(a.shape) < keep_prob) / keep_prob
    else:
        factor = np.full_like(a, keep_prob)  # FAULT
    out = a * factor
    return out, (x, w, a, factor)


def dense_dropout_backward(dout, cache):
    x, w, a, factor = cache
    dz = dout * factor * a * (1.0 - a)
    dx = dz @ w.T
    dw = x.T @ dz
    db = dz.sum(axis=0)
    return dx, dw, db


def dense_dropout_forward_repaired(x, w, b, keep_prob=0.8, training=True, seed=None):
    """Dense layer with a sigmoid, followed by inverted dropout.

    x: (N, D), w: (D, M), b: (M,). The activations that are kept are divided by keep_prob, so that their
    expectation is the same in training and in evaluation. A seed makes the mask reproducible.
    """
    a = 1.0 / (1.0 + np.exp(-(x @ w + b)))
    if training:
        rng = np.random.default_rng(seed)
        factor = (rng.random(a.shape) < keep_prob) / keep_prob
    else:
        factor = np.ones_like(a)
    out = a * factor
    return out, (x, w, a, factor)


def dense_dropout_backward_repaired(dout, cache):
    x, w, a, factor = cache
    dz = dout * factor * a * (1.0 - a)
    dx = dz @ w.T
    dw = x.T @ dz
    db = dz.sum(axis=0)
    return dx, dw, db


def faulty():
    rng = np.random.default_rng(48)
    x, w, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 6)), rng.normal(size=6)
    return {"subject": (dense_dropout_forward, dense_dropout_backward), "inputs": (x, w, b),
            "forward_kwargs": {"keep_prob": 0.75, "seed": 5}}


def correct():
    rng = np.random.default_rng(48)
    x, w, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 6)), rng.normal(size=6)
    return {"subject": (dense_dropout_forward_repaired, dense_dropout_backward_repaired), "inputs": (x, w, b),
            "forward_kwargs": {"keep_prob": 0.75, "seed": 5}}
