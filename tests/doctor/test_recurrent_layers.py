"""The doctor finds nothing in our recurrent layers and functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import normal, torch_or_skip

import chainrule
from chainrule import functions
from chainrule.layers import GRU, LSTM, RNN, GRUCell, Layer, LSTMCell, RNNCell

X = normal(2, 5, 3)  # (batch, time, features)
STACKS, CELLS = (RNN, LSTM, GRU), (RNNCell, LSTMCell, GRUCell)
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def state_of(layer_type: type[Layer], *shape: int) -> Any:
    h, c = normal(*shape, seed=1), normal(*shape, seed=2)
    return (h, c) if layer_type in (LSTM, LSTMCell) else h


@pytest.mark.parametrize("layer_type", STACKS)
def test_layers(layer_type: type[Layer]) -> None:
    both_ways, lengths = layer_type(3, 2, 2, bidirectional=True), np.array([5, 3])
    for report in (
        chainrule.check(layer_type(3, 4), X),
        chainrule.check(layer_type(3, 4), X, intent={"causal"}),
        chainrule.check(layer_type(3, 4, 2), X, state_of(layer_type, 2, 2, 4)),
        chainrule.check(both_ways, X, lengths=lengths, intent={"padding"}),
    ):
        assert report.ok, report


@pytest.mark.parametrize("layer_type", CELLS)
def test_cells(layer_type: type[Layer]) -> None:
    for report in (
        chainrule.check(layer_type(3, 4), X[:, 0]),
        chainrule.check(layer_type(3, 4), X[:, 0], state_of(layer_type, 2, 4)),
    ):
        assert report.ok, report


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("step", [True, False], ids=["cell", "sequence"])
def test_functions(name: str, step: bool) -> None:
    rows = 4 * GATES[name]
    states = [normal(2, 4, seed=seed) for seed in range(2 if name == "lstm" else 1)]
    weights = [normal(rows, 3), normal(rows, 4), normal(rows), normal(rows, seed=1)]
    full = name + "_cell" * step
    pair = getattr(functions, full), getattr(functions, f"{full}_backward")
    report = chainrule.check(pair, X[:, 0] if step else X, *states, *weights)
    assert report.ok, report


@pytest.mark.parametrize("layer_type", STACKS)
def test_they_are_like_pytorchs(layer_type: type[Layer]) -> None:
    torch = torch_or_skip()
    theirs = getattr(torch.nn, layer_type.__name__)(3, 4, batch_first=True)
    report = chainrule.check(layer_type(3, 4), X, like=theirs)
    assert report.ok, report
