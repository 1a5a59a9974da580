"""Global average pooling of NHWC feature maps, followed by a linear map to the classes.

Symptom: the classifier learns, but the feature maps below all receive one and the same constant.
Repair: spread the gradient of the pooled vector over the positions, not a one.
"""
import numpy as np

CODES = ("ignores-upstream",)
PLACES = ("x", "dx")


def pooled_scores(x, w, b):
    """x: (N, H, W, C) -> scores (N, K)."""
    pooled = x.mean(axis=(1, 2))
    scores = pooled @ w + b
    return scores, (x.shape, pooled, w)


def pooled_scores_backward(dscores, cache):
    (N, H, W, C), pooled, w = cache
    dw = pooled.T @ dscores
    db = dscores.sum(axis=0)
    dpooled = dscores @ w.T
    dx = np.ones((N, H, W, C)) / (H * W)  # FAULT
    return dx, dw, db


def pooled_scores_repaired(x, w, b):
    """x: (N, H, W, C) -> scores (N, K)."""
    pooled = x.mean(axis=(1, 2))
    scores = pooled @ w + b
    return scores, (x.shape, pooled, w)


def pooled_scores_backward_repaired(dscores, cache):
    (N, H, W, C), pooled, w = cache
    dw = pooled.T @ dscores
    db = dscores.sum(axis=0)
    dpooled = dscores @ w.T
    dx = np.ones((N, H, W, C)) * dpooled[:, None, None, :] / (H * W)
    return dx, dw, db


def faulty():
    rng = np.random.default_rng(32)
    x, w, b = rng.normal(size=(2, 4, 3, 5)), rng.normal(size=(5, 6)), rng.normal(size=6)
    return {"subject": (pooled_scores, pooled_scores_backward), "inputs": (x, w, b)}


def correct():
    rng = np.random.default_rng(32)
    x, w, b = rng.normal(size=(2, 4, 3, 5)), rng.normal(size=(5, 6)), rng.normal(size=6)
    return {"subject": (pooled_scores_repaired, pooled_scores_backward_repaired), "inputs": (x, w, b)}
