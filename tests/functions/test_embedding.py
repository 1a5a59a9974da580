from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, torch_or_skip

from chainrule.functions import embedding, embedding_backward

PAIR = (embedding, embedding_backward)
IDS = np.array([[3, 1, 3, 3, 5], [0, 3, 1, 5, 3], [6, 3, 1, 3, 3]])  # 3 stands nine times, 2 and 4 never


@pytest.mark.parametrize("padding_idx", [None, 3, 0, -2])
def test_protocol(padding_idx, rng):
    weight = rng.normal(size=(7, 4))
    skip = {}
    if padding_idx is not None:
        skip = {"the gradient is the slope": "padding is kept still: its gradient is 0, not its slope"}
    check_function(*PAIR, [IDS, weight], kwargs={"padding_idx": padding_idx}, skip=skip)


@pytest.mark.parametrize("padding_idx", [None, 3, -2])
def test_pytorch(padding_idx, rng):
    torch = torch_or_skip()
    weight = rng.normal(size=(7, 4))
    compare_function(*PAIR, torch.nn.functional.embedding, [IDS, weight], kwargs={"padding_idx": padding_idx})


def test_it_is_one_hot_times_weight(rng):
    weight, dy = rng.normal(size=(7, 4)), rng.normal(size=(*IDS.shape, 4))
    one_hot = np.eye(7)[IDS]
    y, cache = embedding(IDS, weight)
    np.testing.assert_array_equal(y, one_hot @ weight)
    _, dweight = embedding_backward(dy, cache)
    np.testing.assert_allclose(dweight, np.einsum("ntv,ntf->vf", one_hot, dy), rtol=1e-13)


@pytest.mark.parametrize("runs", [[1], [64], [1, 2, 3, 4, 5], [100, 1, 37]])
def test_runs_of_any_length_add_up_exactly(runs, rng):
    ids = rng.permutation(np.repeat(np.arange(len(runs)), runs))
    dy = rng.integers(-9, 9, (len(ids), 3)).astype(float)  # integers: the sums are exact
    _, dweight = embedding_backward(dy, embedding(ids, np.zeros((len(runs) + 2, 3)))[1])
    expected = np.zeros((len(runs) + 2, 3))
    for row, number in zip(dy, ids, strict=True):
        expected[number] += row
    np.testing.assert_array_equal(dweight, expected)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_integer_ids_of_any_kind_and_shape(dtype):
    weight = np.arange(6.0).reshape(3, 2)
    y, cache = embedding(np.array(2, dtype), weight)
    assert y.tolist() == [4, 5]
    assert embedding_backward(np.array([1.0, 7.0]), cache)[1].tolist() == [[0, 0], [0, 0], [1, 7]]


def test_no_ids_are_fine():
    y, cache = embedding(np.zeros((0, 3), int), np.ones((4, 2)))
    assert y.shape == (0, 3, 2)
    assert not embedding_backward(np.zeros((0, 3, 2)), cache)[1].any()


def test_errors():
    weight = np.zeros((7, 4))
    wrong = IDS.copy()
    wrong[1, 2], wrong[2, 0] = 7, 99
    message = r"id 7 at \(1, 2\) has no row: there are 7, 0 to 6: ids \(3, 5\), weight \(rows 7, features 4\)"
    with pytest.raises(IndexError, match=message):
        embedding(wrong, weight)
    with pytest.raises(IndexError, match=r"id -1 at \(0,\) has no row"):
        embedding(np.array([-1]), weight)
    with pytest.raises(TypeError, match="embedding expects integers as ids, got float64"):
        embedding(np.zeros(3), weight)
    with pytest.raises(ValueError, match=r"expects a 2-D weight \(rows, features\), got weight \(4,\)"):
        embedding(IDS, weight[0])
    for padding_idx in (7, -8):
        with pytest.raises(ValueError, match=f"padding_idx {padding_idx} has no row: there are 7, 0 to 6"):
            embedding(IDS, weight, padding_idx)
