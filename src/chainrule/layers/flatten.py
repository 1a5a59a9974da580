"""Flatten as a layer."""

from __future__ import annotations

from chainrule.functions import flatten, flatten_backward

from .parameterless import Parameterless


class Flatten(Parameterless):
    """(batch, ...) -> (batch, product of the rest). See `chainrule.functions.flatten`."""

    pair = (flatten, flatten_backward)
