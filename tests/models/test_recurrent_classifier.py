"""Many to one: the protocol, PyTorch's packed sequences, and padding that changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import GRU, LSTM, RNN, Layer, default_dtype, manual_seed
from chainrule.models import ManyToOne, RecurrentClassifier

IDS = np.array([[5, 2, 2, 0], [1, 5, 3, 6], [4, 0, 0, 0]])  # 2 stands twice in one sample, 5 in two
LENGTHS = np.array([3, 4, 1])
X = normal(3, 4, 5)  # (batch, time, features)
every_cell = pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
every_form = pytest.mark.parametrize(
    "options",
    [{}, {"layers": 3}, {"bidirectional": True}, {"layers": 2, "bidirectional": True}],
    ids=["one layer", "three layers", "two directions", "two layers, two directions"],
)


def classifier(cell: str, **options: Any) -> RecurrentClassifier:
    manual_seed(3)
    with default_dtype("float64"):
        return RecurrentClassifier(7, 3, embedding=5, hidden=2, cell=cell, **options)


# ---------------------------------------------------------------- the protocol


@every_cell
@every_form
def test_the_protocol_holds(cell: str, options: dict[str, Any]) -> None:
    check_layer(classifier(cell, **options), IDS, LENGTHS, limit=20)


@every_cell
def test_the_protocol_holds_without_lengths_and_with_dropout(cell: str) -> None:
    check_layer(classifier(cell, layers=2, bidirectional=True, dropout=0.3), IDS, limit=20)


@pytest.mark.parametrize("rnn_type", [RNN, LSTM, GRU])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_protocol_holds_for_what_a_sequence_comes_to(rnn_type: Any, bidirectional: bool) -> None:
    layer = ManyToOne(rnn_type(5, 2, 2, bidirectional=bidirectional, dtype="float64"))
    check_layer(layer, X, LENGTHS, limit=20)


# ---------------------------------------------------------------- PyTorch


def torch_classifier(cell: str, layers: int = 1, bidirectional: bool = False) -> Any:
    """The same network in PyTorch; it takes ids and lengths, and packs them."""
    torch = torch_or_skip()
    nn, rnn = torch.nn, torch.nn.utils.rnn
    options = {"batch_first": True, "bidirectional": bidirectional}

    class Encoder(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = getattr(nn, cell.upper())(5, 2, layers, **options)

        def forward(self, x: Any, lengths: Any) -> Any:
            packed = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            _, state = self.rnn(packed)
            h_n = state[0] if cell == "lstm" else state
            return torch.cat([h_n[-2], h_n[-1]], dim=-1) if bidirectional else h_n[-1]

    class Classifier(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(7, 5)
            self.encoder = Encoder()
            self.decoder = nn.Linear(4 if bidirectional else 2, 3)

        def forward(self, ids: Any, lengths: Any) -> Any:
            return self.decoder(self.encoder(self.embedding(ids), lengths))

    return Classifier()


@every_cell
@every_form
def test_pytorchs_packed_sequences_agree(cell: str, options: dict[str, Any]) -> None:
    compare_layer(classifier(cell, **options), torch_classifier(cell, **options), IDS, LENGTHS)


# ---------------------------------------------------------------- padding


@every_cell
@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_changes_nothing(cell: str, bidirectional: bool) -> None:
    """Other ids in the padding, more of it, or each sample alone: the same logits and gradients."""
    model = classifier(cell, layers=2, bidirectional=bidirectional)
    logits, cache = model.forward(IDS, LENGTHS)
    dlogits = normal(*logits.shape, seed=1)
    model.backward(dlogits, cache)
    expected = {name: parameter.grad.copy() for name, parameter in model.named_parameters()}

    others = np.where(np.arange(4) < LENGTHS[:, None], IDS, 6)
    longer = np.concatenate([others, np.full((3, 2), 4)], axis=1)
    for ids in (others, longer):
        model.zero_grad()
        again, cache = model.forward(ids, LENGTHS)
        model.backward(dlogits, cache)
        np.testing.assert_array_equal(again, logits)
        for name, parameter in model.named_parameters():
            np.testing.assert_allclose(parameter.grad, expected[name], rtol=1e-12, atol=1e-14, err_msg=name)

    model.zero_grad()
    for n, length in enumerate(LENGTHS):
        alone, cache = model.forward(IDS[n : n + 1, :length])
        model.backward(dlogits[n : n + 1], cache)
        np.testing.assert_allclose(alone[0], logits[n], rtol=1e-12)
    for name, parameter in model.named_parameters():
        np.testing.assert_allclose(parameter.grad, expected[name], rtol=1e-10, atol=1e-14, err_msg=name)


@every_cell
def test_the_final_state_is_that_of_the_last_valid_step(cell: str) -> None:
    model = classifier(cell, layers=2, bidirectional=True)
    x = model.embedding(IDS)
    last = model.encoder(x, LENGTHS)
    output, _ = model.encoder.rnn(x, None, LENGTHS)
    np.testing.assert_array_equal(last[:, :2], output[np.arange(3), LENGTHS - 1, :2])  # read to the end
    np.testing.assert_array_equal(last[:, 2:], output[:, 0, 2:])  # read to the beginning


# ---------------------------------------------------------------- options


def test_dropout_stands_between_layers_and_before_the_decoder() -> None:
    one, two = (classifier("gru", layers=layers, dropout=0.4) for layers in (1, 2))
    names = [[path for path, layer in model.named_layers() if is_dropout(layer)] for model in (one, two)]
    assert names == [["dropout"], ["encoder.rnn.dropout", "dropout"]]


def is_dropout(layer: Layer) -> bool:
    return type(layer).__name__ == "Dropout"


def test_options_of_the_recurrent_layer_are_handed_on() -> None:
    model = classifier("lstm", forget_bias=1.5, recurrent_init="orthogonal")
    rnn = model.encoder.rnn
    np.testing.assert_array_equal(rnn.bias_ih_l0.data[2:4], 1.5)
    block = rnn.weight_hh_l0.data[:2]
    np.testing.assert_allclose(block @ block.T, np.eye(2), atol=1e-12)


def test_unknown_cells_are_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no cell is called 'elman': choose one of rnn, lstm, gru"):
        classifier("elman")


def test_a_name_without_characters_is_an_error() -> None:
    with pytest.raises(ValueError, match="lengths must be from 1 to 4"):
        classifier("gru").forward(IDS, np.array([3, 0, 1]))
