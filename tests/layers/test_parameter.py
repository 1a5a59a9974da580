"""Parameters and buffers: arrays that are never exchanged for others, and gradients that add up."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import normal

from chainrule.layers import Buffer, Parameter


def test_data_and_grad_exist_from_birth() -> None:
    parameter = Parameter(normal(2, 3).astype(np.float32))
    assert parameter.grad.shape == parameter.shape == (2, 3)
    assert parameter.grad.dtype == parameter.dtype == np.float32
    assert parameter.size == 6
    assert not parameter.grad.any()


def test_gradients_are_added() -> None:
    parameter, g, h = Parameter(np.zeros((2, 3))), normal(2, 3, seed=1), normal(2, 3, seed=2)
    parameter.add_grad(g)
    parameter.add_grad(h)
    np.testing.assert_array_equal(parameter.grad, g + h)
    parameter.zero_grad()
    assert not parameter.grad.any()


def test_whoever_holds_the_gradient_sees_it_change() -> None:
    parameter = Parameter(np.zeros(3))
    seen = parameter.grad
    parameter.add_grad(np.ones(3))
    parameter.grad += 1
    assert seen.tolist() == [2, 2, 2]
    parameter.zero_grad()
    assert seen.tolist() == [0, 0, 0]


def test_adding_a_gradient_keeps_no_hold_of_it() -> None:
    parameter, gradient = Parameter(np.zeros(3)), np.ones(3)
    parameter.add_grad(gradient)
    gradient[...] = 7
    assert parameter.grad.tolist() == [1, 1, 1]


def test_data_and_grad_are_written_into_and_never_rebound() -> None:
    parameter, data = Parameter(np.zeros(3)), np.ones(3)
    with pytest.raises(AttributeError, match=r"data is never rebound.*write p.data\[...\] = value"):
        parameter.data = data
    with pytest.raises(AttributeError, match=r"grad is never rebound: add with p.add_grad"):
        parameter.grad = data
    parameter.data[...] = data
    assert parameter.data.tolist() == [1, 1, 1]


def test_a_buffers_data_is_never_rebound_either() -> None:
    buffer = Buffer(np.zeros(3))
    with pytest.raises(AttributeError, match="data is never rebound"):
        buffer.data = np.ones(3)
    with pytest.raises(AttributeError):
        buffer.grad  # noqa: B018  it does not learn


def test_a_gradient_that_would_only_broadcast_is_an_error() -> None:
    """NumPy would add (3,) to (2, 3) without a word."""
    with pytest.raises(ValueError, match=r"a gradient of shape \(3,\) for a parameter of shape \(2, 3\)"):
        Parameter(np.zeros((2, 3))).add_grad(np.ones(3))


def test_a_frozen_parameter_gets_no_gradient() -> None:
    parameter = Parameter(np.zeros(3), requires_grad=False)
    parameter.add_grad(np.ones(3))
    assert not parameter.grad.any()


def test_a_frozen_parameter_still_minds_the_shape() -> None:
    with pytest.raises(ValueError, match="a gradient of shape"):
        Parameter(np.zeros(3), requires_grad=False).add_grad(np.ones(2))


@pytest.mark.parametrize("dtype", [np.int64, np.bool_])
def test_integers_cannot_learn(dtype: type) -> None:
    with pytest.raises(TypeError, match="a Parameter needs floating point numbers to learn, got"):
        Parameter(np.zeros(3, dtype=dtype))


def test_a_replica_shares_the_data_and_owns_its_gradient() -> None:
    """For a thread that works on its part of a batch."""
    parameter = Parameter(np.zeros(3), requires_grad=True)
    replica = parameter.replica()
    parameter.data[...] = 5
    replica.add_grad(np.ones(3))
    assert replica.data is parameter.data
    assert not parameter.grad.any()
    parameter.requires_grad = False
    assert not parameter.replica().requires_grad


def test_repr_shows_the_shape_and_whether_it_learns() -> None:
    assert repr(Parameter(np.zeros((2, 3)))) == "Parameter(2, 3)"
    assert repr(Parameter(np.zeros((2, 3)), requires_grad=False)) == "Parameter(2, 3) frozen"
    assert repr(Buffer(np.zeros(3))) == "Buffer(3,)"
