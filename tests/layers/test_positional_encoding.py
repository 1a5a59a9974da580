"""Positions as layers: computed, and learned."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_layer, normal, torch_or_skip

from chainrule import functions
from chainrule.layers import LearnedPositionalEncoding, PositionalEncoding, manual_seed

X = normal(3, 4, 6)


def test_the_protocol_holds() -> None:
    check_layer(PositionalEncoding(), X)
    check_layer(LearnedPositionalEncoding(4, 6, dtype="float64"), X)


def test_the_protocol_holds_for_a_piece_of_a_sequence() -> None:
    check_layer(PositionalEncoding(), X, kwargs={"start": 2})
    check_layer(LearnedPositionalEncoding(7, 6, dtype="float64"), X, kwargs={"start": 2})


def test_the_sinusoidal_one_is_the_function() -> None:
    np.testing.assert_array_equal(
        PositionalEncoding(100.0)(X, 3), functions.positional_encoding(X, 3, 100.0)[0]
    )
    assert repr(PositionalEncoding()) == "PositionalEncoding(base=10000.0)"


def test_the_learned_one_is_an_embedding_of_positions() -> None:
    torch = torch_or_skip()
    layer = LearnedPositionalEncoding(7, 6, dtype="float64")
    table = torch.nn.Embedding.from_pretrained(torch.tensor(layer.weight.data), freeze=False)
    x, dy = torch.tensor(X, requires_grad=True), normal(*X.shape, seed=1)
    expected = x + table(torch.arange(2, 6))
    expected.backward(torch.tensor(dy))
    y, cache = layer.forward(X, start=2)
    np.testing.assert_array_equal(y, expected.detach())
    np.testing.assert_array_equal(layer.backward(dy, cache), x.grad)
    np.testing.assert_allclose(layer.weight.grad, table.weight.grad, rtol=1e-12)
    assert not layer.weight.grad[[0, 1, 6]].any()


@pytest.mark.parametrize(
    "layer", [PositionalEncoding(), LearnedPositionalEncoding(4, 6, "float64")], ids=repr
)
def test_pieces_are_the_whole(layer: PositionalEncoding | LearnedPositionalEncoding) -> None:
    pieces = [layer(X[:, :1]), layer(X[:, 1:], start=1)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), layer(X))


def test_the_table_begins_small() -> None:
    manual_seed(0)
    assert LearnedPositionalEncoding(100, 50).weight.data.std() == pytest.approx(0.02, rel=0.05)


def test_errors() -> None:
    layer = LearnedPositionalEncoding(5, 6, dtype="float64")
    assert repr(layer) == "LearnedPositionalEncoding(5, 6)"
    for start, said in ((2, "2 to 5"), (-1, "-1 to 2")):
        with pytest.raises(ValueError, match=f"has the positions 0 to 4, got {said}: input"):
            layer(X, start=start)
    message = r"expects an input \(batch, time, features 6\), got input \(batch 3, time 4, features 5\)"
    with pytest.raises(ValueError, match=message):
        layer(X[..., :5])
    with pytest.raises(ValueError, match=r"got input \(4, 6\)"):
        layer(X[0])
