"""From logits to the probabilities that the next id is drawn with.

Three settings, applied in this order:

**temperature** T divides the logits. Below 1, what is likely becomes likelier; above 1, everything comes
closer together; T → 0 leaves the likeliest alone (greedy), T → ∞ makes all equal.

    p[i] = exp(z[i] / T) / Σ_k exp(z[k] / T)

**top_k** keeps the k likeliest ids (Fan, Lewis and Dauphin 2018, section 5.1).

**top_p** keeps the *nucleus*: the smallest set of likeliest ids whose probabilities reach p (Holtzman et al.
2020, section 3.1). Where the model is sure, that is one id; where it is not, many.

What is kept is divided by its sum. Why cut at all? The tail holds thousands of ids, each unlikely, together
not: one draw out of it now and then is enough to derail a text.

Everything is computed in float64, whatever the logits are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from chainrule.functions import softmax
from chainrule.functions.arrays import Array, describe

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float

ROUNDING = 1e-12  # a sum of probabilities that misses p by so little has reached it


def next_distribution(
    logits: Float[Array, "batch vocabulary"],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Float[Array, "batch vocabulary"]:
    """Probabilities (batch, vocabulary), float64, of logits (batch, vocabulary), for each row by itself.

    temperature 0: all probability for the largest logit. Ties are resolved by id: of equal logits, the lower
    ids are kept first, so that top_k keeps exactly k (or all, if there are fewer). A logit of -∞ has the
    probability 0 under all settings. At least one id is always kept.

    Raises ValueError for settings out of their range, for logits of another shape, for NaN or +∞ in a row, or
    if a row is -∞ throughout; TypeError for logits that are no floating-point numbers.
    """
    check_settings(temperature, top_k, top_p)
    _check_logits(logits)
    z = logits.astype(np.float64)
    z -= z.max(-1, keepdims=True)  # the largest is 0 ...
    if temperature == 0:
        return _only(z.argmax(-1), z.shape[-1])
    with np.errstate(over="ignore"):
        z /= temperature  # ... so that this cannot be +∞
    p, _ = softmax(z)

    if top_k is None and top_p is None:
        return p
    order = np.argsort(-p, axis=-1, kind="stable")  # likeliest first
    ranked = np.take_along_axis(p, order, -1)
    if top_k is not None:
        ranked[:, top_k:] = 0
        ranked /= ranked.sum(-1, keepdims=True)
    if top_p is not None and top_p < 1:
        before = ranked.cumsum(-1) - ranked  # what the likelier ones have
        ranked[:, 1:][before[:, 1:] >= top_p - ROUNDING] = 0
        ranked /= ranked.sum(-1, keepdims=True)
    np.put_along_axis(p, order, ranked, -1)
    return p


def check_settings(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Raises ValueError, naming the setting that is out of its range."""
    if not 0 <= temperature < math.inf:
        raise ValueError(f"temperature must be a number >= 0 (0: always the likeliest), got {temperature}")
    if top_k is not None and (top_k != int(top_k) or top_k < 1):
        raise ValueError(f"top_k must be a whole number >= 1, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must be more than 0 and at most 1, got {top_p}")


def _check_logits(logits: Array) -> None:
    if logits.ndim != 2 or logits.shape[1] == 0:
        raise ValueError(f"expected logits (batch, vocabulary), got {describe('logits', logits)}")
    if logits.dtype.kind != "f":
        raise TypeError(f"expected logits in floating point, got {logits.dtype}")
    wrong = np.isnan(logits) | (logits == np.inf)
    if wrong.any():
        row, place = np.argwhere(wrong)[0]
        raise ValueError(f"the logits hold {logits[row, place]} in row {row}, at id {place}")
    masked = (logits == -np.inf).all(-1)
    if masked.any():
        raise ValueError(f"all logits of row {int(masked.argmax())} are -inf: there is nothing to draw")


def _only(ids: Array, vocabulary: int) -> Array:
    p = np.zeros((len(ids), vocabulary))
    p[np.arange(len(ids)), ids] = 1
    return p
