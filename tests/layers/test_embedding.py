from __future__ import annotations

import numpy as np
import pytest
from protocol import check_layer, compare_layer, torch_or_skip

from chainrule.layers import Embedding, manual_seed

IDS = np.array([[3, 1, 3, 5], [0, 3, 1, 5], [6, 3, 3, 2]])


@pytest.mark.usefixtures("float64")
def test_protocol():
    check_layer(Embedding(7, 5), IDS)


@pytest.mark.parametrize("padding_idx", [None, 3, -1])
def test_pytorch(padding_idx):
    torch = torch_or_skip()
    theirs = torch.nn.Embedding(7, 5, padding_idx=padding_idx)
    compare_layer(Embedding(7, 5, padding_idx), theirs, IDS)


def test_it_begins_as_a_standard_normal():
    manual_seed(3)
    weight = Embedding(300, 40).weight.data
    assert abs(weight.mean()) < 0.03
    assert abs(weight.std() - 1) < 0.03


def test_the_row_of_padding_begins_at_0_and_gets_no_gradient(rng):
    layer = Embedding(7, 5, padding_idx=3)
    y, cache = layer.forward(IDS)
    assert not y[IDS == 3].any()
    assert layer.backward(rng.normal(size=y.shape), cache) is None
    assert not layer.weight.grad[3].any()
    assert layer.weight.grad[[0, 1, 2, 5, 6]].all()
    assert repr(layer) == "Embedding(7, 5, padding_idx=3)"
    assert repr(Embedding(7, 5, padding_idx=-1)) == "Embedding(7, 5, padding_idx=6)"
    assert repr(Embedding(7, 5)) == "Embedding(7, 5)"


def test_errors():
    for wrong in (7, -8):
        with pytest.raises(ValueError, match=f"padding_idx must be a row of the table, 0 to 6, got {wrong}"):
            Embedding(7, 5, padding_idx=wrong)
    with pytest.raises(IndexError, match=r"id 7 at \(0, 1\) has no row"):
        Embedding(7, 5)(np.array([[0, 7]]))
