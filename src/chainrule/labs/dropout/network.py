"""The network, and by how much its hidden units change."""

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers import Linear, ReLU, Sequential, init, manual_seed

from ..weights import draw_weights
from .options import Options
from .variants import Variant


def build(options: Options, variant: Variant, seed: int) -> Sequential:
    """64 - width - width - 10, ReLU; the initial weights depend on the seed, not on the variant."""
    manual_seed(seed)
    p = options.p if variant.dropout else 0.0
    model = Sequential(
        Linear(64, options.width), ReLU(), variant.layer(p),
        Linear(options.width, options.width), ReLU(), variant.layer(p),
        Linear(options.width, 10),
    )  # fmt: skip
    draw_weights(model, init.he_normal_)
    return model


def distance_moved(before: dict[str, Array], after: dict[str, Array]) -> Array:
    """For every hidden unit: the length of the change of its weights, in and out, and its bias."""
    change = {name: after[name].astype(np.float64) - before[name] for name in before}
    square = {name: values**2 for name, values in change.items()}
    units = [
        square[f"{layer}.weight"].sum(1) + square[f"{layer}.bias"] + square[f"{following}.weight"].sum(0)
        for layer, following in (("0", "3"), ("3", "6"))
    ]
    distance: Array = np.sqrt(np.concatenate(units))
    return distance
