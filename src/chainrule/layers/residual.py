"""Residual: a layer learns what to *add* to its input."""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.functions.arrays import Array

from .layer import Layer


class ResidualCache(NamedTuple):
    body: Any
    shortcut: Any


class Residual(Layer):
    """y = body(x) + x, or body(x) + shortcut(x) where the shapes differ.  He et al. 2016, equations 1 and 2.

    **Where does its gradient go?** x takes two ways to y, so two gradients come back to x, and they add up.
    The one through the shortcut is dy itself, untouched: however small the body's gradient becomes, the
    layers below still hear dy. A backward that forgets that term still runs, and the gradients vanish with
    depth.
    """

    def __init__(self, body: Layer, shortcut: Layer | None = None) -> None:
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Array) -> tuple[Array, ResidualCache]:
        y, body_cache = self.body.forward(x)
        skipped, shortcut_cache = (x, None) if self.shortcut is None else self.shortcut.forward(x)
        if y.shape != skipped.shape:
            raise ValueError(
                f"Residual adds two arrays of one shape, got {tuple(y.shape)} from the body and "
                f"{tuple(skipped.shape)} from the shortcut: give shortcut= a layer that changes the shape, "
                "such as a 1 x 1 Conv2d"
            )
        return y + skipped, ResidualCache(body_cache, shortcut_cache)

    def backward(self, dy: Array, cache: ResidualCache) -> Array:
        dbody = self.body.backward(dy, cache.body)
        dskipped = dy if self.shortcut is None else self.shortcut.backward(dy, cache.shortcut)
        dx: Array = dbody + dskipped
        return dx
