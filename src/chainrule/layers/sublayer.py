"""What stands around each part of a Transformer layer: residual connection, dropout and layer norm.

    post-norm (the paper)     y = norm(x + dropout(f(x)))
    pre-norm                  y = x + dropout(f(norm(x)))

where f is attention or the feed-forward part. (Vaswani et al. 2017, sections 3.1 and 5.4.) So each part
begins with `enter` and ends with `leave`, and backward calls their backwards in the opposite order:

    inner = x, or norm(x)                         enter
    z = f(inner)
    y = norm(x + dropout(z)), or x + dropout(z)   leave

**Where do the gradients of residual connections go?** x went two ways, into f and past it, so two gradients
come back to it, and they add up:

    dx, dz = leave_backward(dy)                   x + z: both get the sum's gradient, whole, not half each
    dx = dx + enter_backward(f_backward(dz))      past f, and through f

A backward that keeps only one of the two still runs. Without the first, layers far below hear nothing;
without the second, f learns, but whatever stands below is told that f does not exist.

**Post-norm or pre-norm?** With post-norm the way past f leads through a norm in every layer, and what comes
back is rescaled as often: at the start of training, gradients are large near the output, and the paper's
warm-up of the learning rate is needed. With pre-norm there is a way from the last layer to the first on which
nothing but additions stand: dy arrives there as it is, and training begins well without warm-up (Xiong et al.
2020, section 3). Nothing normalizes what comes out of the last layer then, so one more norm follows
(`final_norm`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.functions.arrays import Array

from .dropout import Dropout
from .layer_norm import LayerNorm


class LeaveCache(NamedTuple):
    dropout: Any
    norm: Any  # None: pre-norm


class SublayerCache(NamedTuple):
    enter: Any  # the norm's cache; None: post-norm
    body: Any  # of attention, or of the feed-forward part
    leave: LeaveCache


def enter(x: Array, norm: LayerNorm, norm_first: bool) -> tuple[Array, Any]:
    """What f reads: norm(x) for pre-norm, x itself for post-norm."""
    return norm.forward(x) if norm_first else (x, None)


def enter_backward(dinner: Array, cache: Any, norm: LayerNorm) -> Array:
    """Back to x, on the way through f. (The other part of dx is leave_backward's.)"""
    return dinner if cache is None else norm.backward(dinner, cache)


def leave(
    x: Array, z: Array, dropout: Dropout, norm: LayerNorm, norm_first: bool
) -> tuple[Array, LeaveCache]:
    """Adds z = f(...) to x; for post-norm, the sum is normalized."""
    z, dropout_cache = dropout.forward(z)
    total = x + z
    if norm_first:
        return total, LeaveCache(dropout_cache, None)
    y, norm_cache = norm.forward(total)
    return y, LeaveCache(dropout_cache, norm_cache)


def leave_backward(dy: Array, cache: LeaveCache, dropout: Dropout, norm: LayerNorm) -> tuple[Array, Array]:
    """Returns (dx, dz): what goes past f, and what goes into it."""
    dtotal = dy if cache.norm is None else norm.backward(dy, cache.norm)
    dx = dtotal  # total = x + z: both get it whole
    dz = dropout.backward(dtotal, cache.dropout)
    return dx, dz
