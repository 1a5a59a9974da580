"""Schedules: the same learning rates as PyTorch's, as plain functions of the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule.training import (
    ConstantLR,
    CosineAnnealingLR,
    InverseSqrtLR,
    PolynomialLR,
    Schedule,
    StepLR,
    WarmUp,
)

STEPS = 20


def torch_rates(make: Callable[[Any], Any], lr: float, steps: int = STEPS) -> list[float]:
    """The learning rates of the first steps under one of torch.optim.lr_scheduler's."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=lr)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def our_rates(schedule: Schedule, steps: int = STEPS) -> list[float]:
    return [schedule(step) for step in range(steps)]


def torch_schedulers() -> Any:
    return pytest.importorskip(
        "torch.optim.lr_scheduler", reason="compares with PyTorch, which is not installed"
    )


@pytest.mark.parametrize(("step_size", "gamma"), [(1, 0.9), (6, 0.1), (30, 0.5)])
def test_step_lr(step_size: int, gamma: float) -> None:
    s = torch_schedulers()
    expected = torch_rates(lambda o: s.StepLR(o, step_size, gamma), lr=0.3)
    np.testing.assert_allclose(our_rates(StepLR(0.3, step_size, gamma)), expected, rtol=1e-12)


@pytest.mark.parametrize("min_lr", [0.0, 0.02])
def test_cosine_annealing_lr(min_lr: float) -> None:
    s = torch_schedulers()
    expected = torch_rates(lambda o: s.CosineAnnealingLR(o, T_max=STEPS, eta_min=min_lr), lr=0.3)
    np.testing.assert_allclose(our_rates(CosineAnnealingLR(0.3, STEPS, min_lr)), expected, rtol=1e-12)


@pytest.mark.parametrize(("warm", "start"), [(5, 1 / 3), (8, 0.01), (1, 0.5)])
def test_warm_up_to_a_constant_is_linear_lr(warm: int, start: float) -> None:
    s = torch_schedulers()
    expected = torch_rates(lambda o: s.LinearLR(o, start_factor=start, total_iters=warm), lr=0.3)
    np.testing.assert_allclose(our_rates(WarmUp(ConstantLR(0.3), warm, start)), expected, rtol=1e-12)


def test_warm_up_and_cosine_are_both_factors() -> None:
    s = torch_schedulers()
    cosine = torch_rates(lambda o: s.CosineAnnealingLR(o, T_max=STEPS), lr=0.3)
    warm = torch_rates(lambda o: s.LinearLR(o, start_factor=0.1, total_iters=6), lr=1.0)
    ours = our_rates(WarmUp(CosineAnnealingLR(0.3, STEPS), 6, start_factor=0.1))
    np.testing.assert_allclose(ours, np.multiply(cosine, warm), rtol=1e-12)


def test_the_cosine_begins_at_lr_halves_in_the_middle_and_stays_at_the_bottom() -> None:
    # PyTorch's rises again after its last step; a learning rate that does so by accident undoes the training
    schedule = CosineAnnealingLR(0.4, 10, min_lr=0.1)
    assert schedule(0) == 0.4
    assert schedule(5) == pytest.approx(0.25)
    assert schedule(10) == schedule(11) == schedule(1000) == pytest.approx(0.1)


def test_a_schedule_has_no_memory() -> None:
    # so a resumed run needs nothing but the number of its step
    schedule = WarmUp(CosineAnnealingLR(0.3, STEPS), 6)
    there = our_rates(schedule)
    back = [schedule(step) for step in reversed(range(STEPS))][::-1]
    assert there == back


@pytest.mark.parametrize("steps", [0, -3])
def test_lengths_must_be_at_least_one_step(steps: int) -> None:
    with pytest.raises(ValueError, match=f"StepLR: step_size must be at least 1, got {steps}"):
        StepLR(0.1, steps)
    with pytest.raises(ValueError, match=f"CosineAnnealingLR: steps must be at least 1, got {steps}"):
        CosineAnnealingLR(0.1, steps)
    with pytest.raises(ValueError, match=f"WarmUp: steps must be at least 1, got {steps}"):
        WarmUp(ConstantLR(0.1), steps)


@pytest.mark.parametrize(("steps", "power"), [(10, 1.0), (15, 2.0)])
def test_polynomial_lr(steps: int, power: float) -> None:
    s = torch_schedulers()
    expected = torch_rates(lambda o: s.PolynomialLR(o, steps, power), lr=0.3)
    np.testing.assert_allclose(our_rates(PolynomialLR(0.3, steps, power)), expected, rtol=1e-9, atol=1e-15)


def test_inverse_sqrt_is_the_formula_of_the_paper() -> None:
    d_model, warmup = 512, 4000
    schedule = InverseSqrtLR.of_paper(d_model, warmup)
    for n in (1, 2, 3999, 4000, 4001, 100_000):  # the paper counts steps from 1
        expected = d_model**-0.5 * min(n**-0.5, n * warmup**-1.5)
        assert schedule(n - 1) == pytest.approx(expected, rel=1e-12)


def test_inverse_sqrt_rises_from_where_it_is_told_to() -> None:
    schedule = InverseSqrtLR(0.005, warmup=2000, start_lr=1e-7)
    rates = our_rates(schedule, 8000)
    assert rates[999] == pytest.approx((1e-7 + 0.005) / 2)
    assert max(rates) == rates[1999] == 0.005
    assert rates[7999] == pytest.approx(0.0025)  # four times the step, half the rate
    with pytest.raises(ValueError, match="warmup must be at least 1, got 0"):
        InverseSqrtLR(0.005, warmup=0)
