"""The array that lives elsewhere: what it can do, and what it refuses, as on a GPU."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from . import Refusing

A = Refusing(np.arange(12.0).reshape(3, 4))


@pytest.mark.parametrize(
    "compute",
    [
        lambda a: a @ a.T + 1,
        lambda a: 2 / (1 + a) ** 2,
        lambda a: np.float32(2) * a,
        lambda a: np.where(a > 3, a, 0),
        lambda a: np.einsum("ij,kj->ik", a, a),
        lambda a: np.zeros((2, 2), like=a),
        lambda a: np.arange(3, like=a),
        lambda a: np.zeros_like(a),
        lambda a: sliding_window_view(a, 2, axis=1),
        lambda a: np.concatenate([a, a]),
        lambda a: a[:, [1, 0]][a[:, 0] > 1],
        lambda a: a.sum(),
        lambda a: a.max(-1, keepdims=True),
        lambda a: np.moveaxis(a, 0, 1).reshape(-1),
    ],
)
def test_what_is_computed_from_it_is_of_its_type_and_has_numpys_numbers(compute) -> None:
    result = compute(A)
    assert type(result) is Refusing
    np.testing.assert_array_equal(result.value, compute(A.value))


@pytest.mark.parametrize(
    "compute",
    [
        lambda a: np.asarray(a),
        lambda a: np.array([a, a]),
        lambda a: a + np.ones(4),
        lambda a: np.ones(4) * a,
        lambda a: np.where(np.ones((3, 4), dtype=bool), a, 0),
        lambda a: np.concatenate([a, np.ones((1, 4))]),
        lambda a: np.add.at(a, 0, 1.0),
        lambda a: np.add.reduce(a),
        lambda a: as_strided(a, (2, 2)),
        lambda a: float(a),
        lambda a: np.ones(12).__setitem__(slice(None), a),
    ],
)
def test_what_would_bring_it_to_numpy_raises(compute) -> None:
    with pytest.raises((TypeError, ValueError)):
        compute(A)


def test_a_single_number_may_leave() -> None:
    assert float(A.sum()) == 66.0
    assert int(A.argmax()) == 11
    assert bool((A > 3).any())


def test_it_is_changed_in_place_by_its_own_kind_only() -> None:
    a = Refusing(np.zeros((2, 3)))
    alias = a
    a += 1
    a[:, 1] = Refusing(np.array([5.0, 6.0]))
    assert alias is a
    assert a.value.tolist() == [[1, 5, 1], [1, 6, 1]]
    with pytest.raises(TypeError, match="meets an array of another library"):
        a[:, 1] = np.zeros(2)
