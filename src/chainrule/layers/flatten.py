"""Flatten as a layer."""

from __future__ import annotations

from chainrule.functions import flatten, flatten_backward

from .parameterless import Parameterless


class Flatten(Parameterless):
    """Joins the axes from start_dim on: (batch, ...) -> (batch, product of the rest).

    See `chainrule.functions.flatten`.
    """

    pair = (flatten, flatten_backward)
    options = ("start_dim",)

    def __init__(self, start_dim: int = 1) -> None:
        self.start_dim = start_dim
