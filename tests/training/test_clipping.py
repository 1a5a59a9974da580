"""Clipping: all gradients together are one long vector, and only its length changes."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.layers import Parameter
from chainrule.training import clip_grad_norm_, grad_norm

SHAPES = [(3, 2, 2, 1), (3,), (5, 4)]


def parameters_with_gradients(scale: float = 1.0) -> list[Parameter]:
    rng = np.random.default_rng(0)
    parameters = [Parameter(np.zeros(shape)) for shape in SHAPES]
    for parameter in parameters:
        parameter.grad[...] = scale * rng.normal(size=parameter.shape)
    return parameters


@pytest.mark.parametrize("max_norm", [0.1, 3.0, 1e3])
def test_the_same_as_pytorchs(max_norm: float) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    ours = parameters_with_gradients()
    theirs = [torch.nn.Parameter(torch.tensor(p.data)) for p in ours]
    for parameter, other in zip(ours, theirs, strict=True):
        other.grad = torch.tensor(parameter.grad)
    norm = clip_grad_norm_(ours, max_norm)
    assert norm == pytest.approx(float(torch.nn.utils.clip_grad_norm_(theirs, max_norm)), rel=1e-12)
    for parameter, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(parameter.grad, other.grad.numpy(), rtol=1e-12)


def test_the_norm_is_that_of_one_long_vector() -> None:
    parameters = parameters_with_gradients()
    together = np.concatenate([p.grad.ravel() for p in parameters])
    assert grad_norm(parameters) == pytest.approx(np.linalg.norm(together))


def test_what_is_short_enough_is_not_touched() -> None:
    parameters = parameters_with_gradients()
    before = [p.grad.copy() for p in parameters]
    clip_grad_norm_(parameters, grad_norm(parameters) * 1.01)
    for parameter, gradient in zip(parameters, before, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


def test_the_direction_stays_and_the_length_becomes_max_norm() -> None:
    parameters = parameters_with_gradients(scale=1e4)
    before = np.concatenate([p.grad.ravel() for p in parameters])
    returned = clip_grad_norm_(iter(parameters), 0.5)  # model.parameters() is an iterator, too
    after = np.concatenate([p.grad.ravel() for p in parameters])
    assert returned == pytest.approx(np.linalg.norm(before))
    np.testing.assert_allclose(after / np.linalg.norm(after), before / np.linalg.norm(before), rtol=1e-12)
    assert np.linalg.norm(after) == pytest.approx(0.5)


def test_frozen_parameters_neither_count_nor_change() -> None:
    parameters = parameters_with_gradients()
    frozen, *others = parameters
    frozen.requires_grad = False
    frozen.grad[...] = 1e6  # left over from before it was frozen
    assert clip_grad_norm_(parameters, 0.5) == pytest.approx(grad_norm(parameters_with_gradients()[1:]))
    assert (frozen.grad == 1e6).all()
    assert grad_norm(others) == pytest.approx(0.5)


@pytest.mark.parametrize("max_norm", [0.0, -1.0, float("nan")])
def test_a_bound_must_be_positive(max_norm: float) -> None:
    with pytest.raises(ValueError, match="max_norm must be > 0, got"):
        clip_grad_norm_(parameters_with_gradients(), max_norm)


def test_the_norm_of_huge_gradients_does_not_overflow() -> None:
    """(10²⁰)² does not fit into float32, the norm does; and an infinite gradient is left to be found."""
    parameter = Parameter(np.zeros(4, np.float32))
    parameter.grad[...] = 1e20
    assert clip_grad_norm_([parameter], 1.0) == pytest.approx(2e20)
    np.testing.assert_allclose(parameter.grad, 0.5, rtol=1e-6)
    parameter.grad[0] = np.inf
    assert clip_grad_norm_([parameter], 1.0) == np.inf
    assert np.isinf(parameter.grad[0])
    assert not np.isnan(parameter.grad).any()
