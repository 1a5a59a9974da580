"""Optimizers: the same steps as PyTorch's, to the last digits of float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from chainrule.layers import Conv2d, Flatten, Linear, Parameter, ReLU, Sequential, default_dtype, manual_seed
from chainrule.training import OPTIMIZERS, SGD, Adam, AdamW, Optimizer

STEPS = 20


def conv_model() -> Sequential:
    """For inputs (batch, 2, 5, 4); four parameters, of one, two and four axes."""
    manual_seed(3)
    with default_dtype(np.float64):
        return Sequential(Conv2d(2, 3, (3, 2)), ReLU(), Flatten(), Linear(27, 5))


def random_gradients(
    parameters: list[Parameter], steps: int = STEPS, seed: int = 0
) -> Iterator[list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        yield [rng.normal(size=p.shape) for p in parameters]


def take_steps(optimizer: Optimizer, gradients: Iterator[list[np.ndarray]]) -> None:
    for arrays in gradients:
        for parameter, gradient in zip(optimizer.parameters, arrays, strict=True):
            parameter.grad[...] = gradient
        optimizer.step()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"lr": 0.1}),
        ("SGD", {"lr": 0.1, "momentum": 0.9}),
        ("SGD", {"lr": 0.1, "momentum": 0.8, "nesterov": True}),
        ("SGD", {"lr": 0.1, "weight_decay": 0.02}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.02}),
        ("Adam", {"lr": 0.01}),
        ("Adam", {"lr": 0.01, "betas": (0.8, 0.95)}),
        ("Adam", {"lr": 0.01, "eps": 0.1}),
        ("Adam", {"lr": 0.01, "weight_decay": 0.3}),
        ("AdamW", {"lr": 0.01}),
        ("AdamW", {"lr": 0.01, "betas": (0.7, 0.9), "eps": 1e-3, "weight_decay": 0.3}),
    ],
)
def test_twenty_steps_end_where_pytorchs_do(name: str, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    parameters = list(conv_model().parameters())
    theirs = [torch.nn.Parameter(torch.tensor(p.data)) for p in parameters]
    ours = {"SGD": SGD, "Adam": Adam, "AdamW": AdamW}[name](parameters, **options)
    take_steps(ours, random_gradients(parameters))

    reference = getattr(torch.optim, name)(theirs, **options)
    for arrays in random_gradients(parameters):
        for parameter, gradient in zip(theirs, arrays, strict=True):
            parameter.grad = torch.tensor(gradient)
        reference.step()
    for parameter, expected in zip(parameters, theirs, strict=True):
        np.testing.assert_allclose(parameter.data, expected.detach().numpy(), rtol=1e-12, atol=1e-12)


def test_where_only_matrices_decay_pytorch_has_two_groups() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    parameters = list(conv_model().parameters())
    theirs = [torch.nn.Parameter(torch.tensor(p.data)) for p in parameters]
    ours = AdamW(parameters, lr=0.01, betas=(0.9, 0.99), weight_decay=0.5, matrices_only=True)
    take_steps(ours, random_gradients(parameters))

    groups = [
        {"params": [p for p in theirs if p.dim() > 1], "weight_decay": 0.5},
        {"params": [p for p in theirs if p.dim() == 1], "weight_decay": 0.0},
    ]
    assert all(group["params"] for group in groups)
    reference = torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.99))
    for arrays in random_gradients(parameters):
        for parameter, gradient in zip(theirs, arrays, strict=True):
            parameter.grad = torch.tensor(gradient)
        reference.step()
    for parameter, expected in zip(parameters, theirs, strict=True):
        np.testing.assert_allclose(parameter.data, expected.detach().numpy(), rtol=1e-12, atol=1e-12)


MAKERS: dict[str, Callable[[list[Parameter]], Optimizer]] = {
    "momentum": lambda p: SGD(p, lr=0.1, momentum=0.9),
    "nesterov": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: Adam(p, lr=0.01),
    "adamw": lambda p: AdamW(p, lr=0.01),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_a_state_dict_goes_on_where_it_was_taken(make: Callable[[list[Parameter]], Optimizer]) -> None:
    whole = make(list(conv_model().parameters()))
    take_steps(whole, random_gradients(whole.parameters))

    first = make(list(conv_model().parameters()))
    gradients = random_gradients(first.parameters)
    take_steps(first, (next(gradients) for _ in range(7)))
    second = make([Parameter(p.data.copy()) for p in first.parameters])
    second.load_state_dict(first.state_dict())
    take_steps(second, gradients)

    assert second.steps == STEPS
    for got, expected in zip(second.parameters, whole.parameters, strict=True):
        np.testing.assert_array_equal(got.data, expected.data)


def test_a_state_dict_is_a_copy() -> None:
    optimizer = Adam(conv_model().parameters())
    before = optimizer.state_dict()
    take_steps(optimizer, random_gradients(optimizer.parameters, steps=1))
    assert before["0.step"] == 0
    assert not before["0.mean"].any()


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_frozen_parameters_stay(make: Callable[[list[Parameter]], Optimizer]) -> None:
    model = conv_model()
    kernel, *others = parameters = list(model.parameters())
    kernel.requires_grad = False
    before = [p.data.copy() for p in parameters]
    optimizer = make(parameters)
    take_steps(optimizer, random_gradients(parameters, steps=2))
    # not even weight decay moves it, and no moment is gathered
    np.testing.assert_array_equal(kernel.data, before[0])
    assert not any(array.any() for array in optimizer.state[0].values())
    assert all((p.data != old).all() for p, old in zip(others, before[1:], strict=True))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_gradients_are_read_and_not_changed(make: Callable[[list[Parameter]], Optimizer]) -> None:
    optimizer = make(list(conv_model().parameters()))
    (gradients,) = random_gradients(optimizer.parameters, steps=1)
    take_steps(optimizer, iter([gradients]))
    for parameter, gradient in zip(optimizer.parameters, gradients, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


@pytest.mark.parametrize("gradient", [1e-3, -1.0, 500.0])
def test_adams_steps_under_a_constant_gradient_are_lr_whatever_its_size(gradient: float) -> None:
    # m̂ = g and v̂ = g², once the pull towards 0 is taken out: the step is lr · g / |g|
    weight = Parameter(np.zeros((2, 3)))
    optimizer = Adam([weight], lr=0.05, eps=0.0)
    for step in range(1, 6):
        weight.grad[...] = gradient
        optimizer.step()
        np.testing.assert_allclose(weight.data, -np.sign(gradient) * 0.05 * step, rtol=1e-12)


def test_weight_decay_takes_a_share_in_adamw_and_a_whole_step_in_adam() -> None:
    decayed, plain = Parameter(np.full((2,), 3.0)), Parameter(np.full((2,), 3.0))
    AdamW([decayed], lr=0.1, weight_decay=0.5).step()
    Adam([plain], lr=0.1, weight_decay=0.5).step()
    np.testing.assert_allclose(decayed.data, 3.0 * (1 - 0.1 * 0.5))  # in proportion to the weight
    np.testing.assert_allclose(plain.data, 3.0 - 0.1, rtol=1e-6)  # a step of lr, as for any gradient


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_no_parameters_or_one_twice_are_refused(name: str) -> None:
    weight = Parameter(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"got no parameters: pass model\.parameters\(\)"):
        OPTIMIZERS[name]([])
    with pytest.raises(ValueError, match="one parameter twice"):
        OPTIMIZERS[name]([weight, weight])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("lr", [-0.1, float("nan"), float("inf")])
def test_a_learning_rate_must_be_a_number_from_0(name: str, lr: float) -> None:
    with pytest.raises(ValueError, match="lr must be a number >= 0, got"):
        OPTIMIZERS[name]([Parameter(np.zeros(3))], lr=lr)


def test_other_options_are_checked_too() -> None:
    parameters = [Parameter(np.zeros(3))]
    with pytest.raises(ValueError, match="SGD: weight_decay must be a number >= 0, got -1"):
        SGD(parameters, weight_decay=-1)
    with pytest.raises(ValueError, match=r"SGD: momentum must be a number >= 0, got -0\.5"):
        SGD(parameters, momentum=-0.5)
    with pytest.raises(ValueError, match="nesterov looks ahead along the momentum, so it needs momentum > 0"):
        SGD(parameters, nesterov=True)
    with pytest.raises(ValueError, match=r"AdamW: betas must be in \[0, 1\), got \(0\.9, 1\.0\)"):
        AdamW(parameters, betas=(0.9, 1.0))
    with pytest.raises(ValueError, match="Adam: eps must be a number >= 0"):
        Adam(parameters, eps=-1e-8)


@pytest.mark.parametrize(
    "other",
    [
        lambda: SGD(conv_model().parameters()),  # another optimizer
        lambda: Adam(list(conv_model().parameters())[:3]),  # fewer parameters
        lambda: Adam([Parameter(np.zeros((p.size, 1))) for p in conv_model().parameters()]),  # other shapes
    ],
    ids=["optimizer", "count", "shapes"],
)
def test_a_state_that_belongs_elsewhere_is_refused_as_a_whole(other: Callable[[], Optimizer]) -> None:
    optimizer = Adam(conv_model().parameters())
    take_steps(optimizer, random_gradients(optimizer.parameters, steps=2))
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match="no state of Adam with 4 parameters"):
        optimizer.load_state_dict(other().state_dict())
    for name, array in optimizer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
