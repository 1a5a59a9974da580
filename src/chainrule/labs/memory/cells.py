"""The four cells, each as its paper begins it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.layers import GRU, LSTM, RNN, Layer, Linear, init, manual_seed

from ..many_to_one import ManyToOne
from ..pictures import BLUE, GREEN, ORANGE, VERMILION
from .options import Options


@dataclass(frozen=True)
class Cell:
    name: str
    color: str
    layer: Callable[[int], Layer]  # of so many units
    gated: bool


def irnn(units: int) -> Layer:
    """relu, the identity, and small weights of the inputs (Le, Jaitly and Hinton 2015)."""
    layer = RNN(2, units, nonlinearity="relu", recurrent_init="identity")
    init.normal_(dict(layer.named_parameters())["weight_ih_l0"], std=0.001)
    return layer


CELLS = [
    Cell("RNN", VERMILION, lambda units: RNN(2, units), gated=False),
    Cell("IRNN", BLUE, irnn, gated=False),
    Cell("LSTM", ORANGE, lambda units: LSTM(2, units, forget_bias=1.0), gated=True),
    Cell("GRU", GREEN, lambda units: GRU(2, units), gated=True),
]


def build(options: Options, cell: Cell, seed: int) -> ManyToOne:
    """The cell, and Linear on its last state."""
    manual_seed(seed)
    return ManyToOne([cell.layer(options.hidden)], Linear(options.hidden, 1))
