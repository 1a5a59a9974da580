"""What the softmax makes of scores, measured on queries and keys of independent normal numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chainrule.functions import scaled_dot_product_attention, softmax_backward
from chainrule.functions.arrays import Array
from chainrule.functions.softmax import SoftmaxCache

QUERIES, BATCHES = 64, 8


@dataclass(frozen=True)
class Choice:
    """How queries choose among keys, on average."""

    d_k: int
    spread: float  # standard deviation of the scores
    expected: float  # by the formula: √d_k times the scale
    seen: float  # keys that are looked at: e to the entropy; 1, one key has all the weight
    largest: float  # weight of the first choice
    gradient: float  # ‖dscores‖ / ‖dweights‖ through the softmax, of the median query


def choose(d_k: int, keys: int, scale: float | None, seed: int) -> Choice:
    """scale: None for attention's own, 1 / √d_k."""
    generator = np.random.default_rng([seed, d_k])
    query = generator.normal(size=(BATCHES, QUERIES, d_k))
    key, value = generator.normal(size=(2, BATCHES, keys, d_k))
    _, cache = scaled_dot_product_attention(query, key, value, scale=scale)
    scores = query @ key.swapaxes(-1, -2) * cache.scale  # what the function computed inside
    dweights = generator.normal(size=scores.shape)
    dscores = softmax_backward(dweights, SoftmaxCache(cache.weights, -1))
    through = np.linalg.norm(dscores, axis=-1) / np.linalg.norm(dweights, axis=-1)
    return Choice(
        d_k,
        spread=float(scores.std()),
        expected=math.sqrt(d_k) * cache.scale,
        seen=float(np.exp(entropy(cache.weights)).mean()),
        largest=float(cache.weights.max(-1).mean()),
        gradient=float(np.median(through)),
    )


def entropy(weights: Array) -> Array:
    """-Σ p log p along the last axis, in nats; 0 log 0 is 0."""
    logs = np.log(weights, where=weights > 0, out=np.zeros_like(weights))
    total: Array = -(weights * logs).sum(-1)
    return total
