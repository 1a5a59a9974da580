"""The same stack, five ways to begin; two of them with and without clipping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from chainrule.layers import GRU, LSTM, RNN, Embedding, Layer, Linear, manual_seed

from ..many_to_one import ManyToOne
from ..pictures import BLUE, GREEN, ORANGE, PURPLE, VERMILION
from .options import Options
from .task import ANSWERS, NOISE


@dataclass(frozen=True)
class Variant:
    """One row of the lab. `layer(inputs, units)` makes a recurrent layer."""

    name: str
    color: str
    layer: Callable[[int, int], Layer]
    clipped: bool
    begins_like: str  # what its weights have in common with another row: the same gradients before training


def variants(options: Options) -> list[Variant]:
    """Two faults, each with and without clipping, and three cures, all of them clipped."""

    def scaled(gain: float) -> Callable[[int, int], Layer]:
        def layer(inputs: int, units: int) -> Layer:
            rnn = RNN(inputs, units, recurrent_init="orthogonal")
            dict(rnn.named_parameters())["weight_hh_l0"].data[...] *= (
                gain  # a rotation that also stretches, or shrinks
            )
            return rnn

        return layer

    def lstm(inputs: int, units: int) -> Layer:
        return LSTM(inputs, units, recurrent_init="orthogonal", forget_bias=options.gate_bias)

    def gru(inputs: int, units: int) -> Layer:
        layer = GRU(inputs, units, recurrent_init="orthogonal")
        # z keeps the old state, as the LSTM's f does
        biases = dict(layer.named_parameters())
        for name, value in (("bias_ih_l0", options.gate_bias), ("bias_hh_l0", 0.0)):
            np.split(biases[name].data, 3)[1][...] = value  # of the parts r, z, n
        return layer

    large = Variant(f"tanh, × {options.large:g}", VERMILION, scaled(options.large), False, "large")
    small = Variant(f"tanh, × {options.small:g}", BLUE, scaled(options.small), False, "small")
    return [
        large,
        replace(large, name=f"{large.name}, clipped", clipped=True),
        small,
        replace(small, name=f"{small.name}, clipped", clipped=True),
        Variant("tanh, orthogonal, clipped", GREEN, scaled(1.0), True, "orthogonal"),
        Variant("LSTM, clipped", ORANGE, lstm, True, "lstm"),
        Variant("GRU, clipped", PURPLE, gru, True, "gru"),
    ]


def build(options: Options, variant: Variant, seed: int) -> ManyToOne:
    """Embedding, recurrent layers of `options.hidden` units, Linear on the last state."""
    manual_seed(seed)
    embedding = Embedding(ANSWERS + NOISE, options.embedding)
    inputs = [options.embedding, *options.sizes]
    layers = [variant.layer(*pair) for pair in zip(inputs, options.sizes, strict=False)]
    return ManyToOne(layers, Linear(options.sizes[-1], ANSWERS), embedding)
