"""How recurrent weights begin: orthogonal, identity, and the forget gates' bias."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.layers import GRU, LSTM, RNN, GRUCell, Layer, LSTMCell, RNNCell

GATES = {RNN: 1, LSTM: 4, GRU: 3, RNNCell: 1, LSTMCell: 4, GRUCell: 3}
every_type = pytest.mark.parametrize("layer_type", GATES)


def recurrent_blocks(layer: Layer) -> list[np.ndarray]:
    """Each gate's square block of each weight_hh."""
    weights = [p.data for name, p in layer.named_parameters() if name.startswith("weight_hh")]
    return [block for weight in weights for block in np.split(weight, GATES[type(layer)])]


def made(layer_type: type[Layer], **options: Any) -> Layer:
    """With two layers and two directions where it has layers."""
    stacked = {} if layer_type.__name__.endswith("Cell") else {"num_layers": 2, "bidirectional": True}
    return layer_type(3, 5, **stacked, **options, dtype="float64")


@every_type
def test_orthogonal_blocks_keep_lengths_and_differ(layer_type: type[Layer]) -> None:
    blocks = recurrent_blocks(made(layer_type, recurrent_init="orthogonal"))
    for block in blocks:
        np.testing.assert_allclose(block @ block.T, np.eye(5), atol=1e-12)
    assert len({block.tobytes() for block in blocks}) == len(blocks)


@every_type
def test_identity_blocks_and_no_biases(layer_type: type[Layer]) -> None:
    layer = made(layer_type, recurrent_init="identity")
    for block in recurrent_blocks(layer):
        np.testing.assert_array_equal(block, np.eye(5))
    for name, parameter in layer.named_parameters():
        assert parameter.data.any() == (not name.startswith("bias"))


def test_an_irnn_begins_by_keeping_its_state() -> None:
    layer = RNN(3, 5, nonlinearity="relu", recurrent_init="identity", dtype="float64")
    state = np.abs(np.random.default_rng(0).normal(size=(1, 2, 5)))
    _, final = layer(np.zeros((2, 40, 3)), state)
    np.testing.assert_array_equal(final, state)


@every_type
def test_without_bias_there_is_none_to_set(layer_type: type[Layer]) -> None:
    for recurrent_init in ("torch", "orthogonal", "identity"):
        layer = made(layer_type, recurrent_init=recurrent_init, bias=False)
        assert all(name.startswith("weight") for name in layer.state_dict())


@pytest.mark.parametrize("layer_type", [LSTM, LSTMCell])
@pytest.mark.parametrize("forget_bias", [0.0, 1.5])
def test_forget_bias_is_the_sum_of_the_two_biases(layer_type: type[Layer], forget_bias: float) -> None:
    plain, layer = made(layer_type), made(layer_type, forget_bias=forget_bias)
    for name, parameter in layer.named_parameters():
        if name.startswith("bias"):
            i, f, g, o = np.split(parameter.data, 4)
            assert (f == (forget_bias if name.startswith("bias_ih") else 0)).all()
            assert i.all()
            assert g.all()
            assert o.all()
    assert all(p.data.all() for p in plain.parameters())  # None: all as PyTorch has it


@every_type
def test_errors(layer_type: type[Layer]) -> None:
    message = "recurrent_init must be 'torch', 'orthogonal' or 'identity', got 'glorot'"
    with pytest.raises(ValueError, match=message):
        made(layer_type, recurrent_init="glorot")
    if layer_type in (LSTM, LSTMCell):
        with pytest.raises(
            ValueError, match="forget_bias needs biases: leave out bias=False, or forget_bias"
        ):
            made(layer_type, bias=False, forget_bias=1.0)
