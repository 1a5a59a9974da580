"""Flatten: another shape, the same numbers in the same order."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_function, compare_function, normal, torch_or_skip

from chainrule.functions import flatten, flatten_backward


@pytest.mark.parametrize("start_dim", [0, 1, 2])
def test_the_protocol_holds(start_dim: int) -> None:
    check_function(flatten, flatten_backward, [normal(2, 3, 5, 4)], kwargs={"start_dim": start_dim})


@pytest.mark.parametrize("start_dim", [0, 1, 2])
def test_pytorch_agrees(start_dim: int) -> None:
    torch = torch_or_skip()
    arrays, options = [normal(2, 3, 5, 4)], {"start_dim": start_dim}
    compare_function(
        flatten,
        flatten_backward,
        torch.flatten,
        arrays,
        kwargs=options,
        torch_kwargs={"start_dim": start_dim},
    )


def test_the_last_axis_runs_fastest() -> None:
    y, _ = flatten(np.arange(12).reshape(1, 2, 3, 2))
    assert y.tolist() == [list(range(12))]


def test_samples_stay_apart() -> None:
    """(batch, ...) -> (batch, product): row n holds the numbers of sample n, whatever the memory order."""
    x = normal(4, 3, 2, 5)
    for same in (x, np.asfortranarray(x)):
        y, _ = flatten(same)
        assert y.shape == (4, 30)
        np.testing.assert_array_equal(y[2], x[2].ravel())


def test_an_empty_batch_keeps_its_features() -> None:
    assert flatten(np.zeros((0, 3, 2)))[0].shape == (0, 6)


def test_every_call_gets_its_own_shape_back() -> None:
    first, first_cache = flatten(normal(2, 3, 5))
    second, second_cache = flatten(normal(4, 5, 3))
    assert flatten_backward(first, first_cache).shape == (2, 3, 5)
    assert flatten_backward(second, second_cache).shape == (4, 5, 3)
