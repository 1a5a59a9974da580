"""Models that move their weights by methods of their own: they are found, and what is wrong with them is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule

Array = np.ndarray
RNG = np.random.default_rng(21)
CENTERS = RNG.normal(size=(3, 5)) * 2
LABELS = RNG.integers(0, 3, 150)
X = CENTERS[LABELS] + RNG.normal(size=(150, 5))


def loss(z: Array, target: Array) -> float:
    z = z - z.max(1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), target]))


def loss_gradient(z: Array, target: Array) -> Array:
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(p)), target] -= 1
    return p / len(p)


class Net:
    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.A, self.B = rng.normal(size=(5, 8)) / 2, rng.normal(size=(8, 3)) / 3

    def forward(self, x: Array) -> Array:
        self.x, self.h = x, np.tanh(x @ self.A)
        return self.h @ self.B

    def backward(self, d: Array) -> Array:
        self.dB = self.h.T @ d
        dz = d @ self.B.T * (1 - self.h**2)
        self.dA = self.x.T @ dz
        return dz @ self.A.T


class Updates(Net):
    def update(self, learning_rate: float) -> None:
        for name in "AB":
            setattr(self, name, getattr(self, name) - learning_rate * getattr(self, "d" + name))


class Descends(Updates):
    """In a method of any name."""

    update = None  # type: ignore[assignment]

    def aggiorna(self, eta: float) -> None:
        Updates.update(self, eta)


class Uphill(Net):
    def update(self, learning_rate: float) -> None:
        self.A += learning_rate * self.dA
        self.B += learning_rate * self.dB


class Rule:
    def __init__(self, power: bool, alpha: float = 0.01) -> None:
        self.alpha, self.beta1, self.beta2, self.power = alpha, 0.9, 0.999, power
        self.m: Any = 0.0
        self.v: Any = 0.0
        self.t = 0

    def delta(self, g: Array) -> Array:
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        t = self.t if self.power else 1
        return self.alpha * (self.m / (1 - self.beta1**t)) / (np.sqrt(self.v / (1 - self.beta2**t)) + 1e-8)


class OneRuleEach(Net):
    """An Adam for each weight, each with a rate of its own."""

    def __init__(self, power: bool) -> None:
        super().__init__()
        self.rules = {n: Rule(power) for n in "AB"}

    def update(self) -> None:
        for name, rule in self.rules.items():
            setattr(self, name, getattr(self, name) - rule.delta(getattr(self, "d" + name)))


def codes(model: Any, **more: Any) -> list[str]:
    report = chainrule.check_training(model, X, LABELS, loss=(loss, loss_gradient), **more)
    return [f.code for f in report.findings]


@pytest.mark.parametrize("model", [Updates(), Descends(), OneRuleEach(power=True)])
def test_they_train(model: Any) -> None:
    assert codes(model, learning_rate=0.3) == []


def test_uphill_in_their_own_update() -> None:
    report = chainrule.check_training(Uphill(), X, LABELS, loss=(loss, loss_gradient), learning_rate=0.3)
    (finding,) = report.findings
    assert finding.code == "update-disagrees"
    with open(finding.file, encoding="utf-8") as file:
        assert "+= learning_rate *" in file.read().splitlines()[finding.line - 1]


def test_all_rates_of_several_optimizers_are_one() -> None:
    assert codes(OneRuleEach(power=False)) == ["adam-bias-correction-wrong"]


class Stepping(Net):
    """step(x, target, learning_rate), with a velocity."""

    def __init__(self, twice: bool) -> None:
        super().__init__()
        self.velocity = {"A": np.zeros((5, 8)), "B": np.zeros((8, 3))}
        self.twice = twice

    def step(self, x: Array, target: Array, learning_rate: float) -> float:
        z = self.forward(x)
        self.backward(loss_gradient(z, target))
        for name, v in self.velocity.items():
            v *= 0.8
            v -= learning_rate * getattr(self, "d" + name)
            getattr(self, name)[...] += (learning_rate if self.twice else 1) * v
        return loss(z, target)


@pytest.mark.parametrize("twice", [True, False])
def test_a_rate_that_is_multiplied_twice(twice: bool) -> None:
    report = chainrule.check_training(Stepping(twice), X, LABELS, learning_rate=0.1)
    assert [f.code for f in report.findings] == (["update-disagrees"] if twice else [])
    assert not twice or "multiplied twice" in report.findings[0].detail


class Regressor:
    """partial_fit returns itself, and no loss."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.coef_ = RNG.normal(size=(5, 2)) / 3

    def predict(self, x: Array) -> Array:
        return x @ self.coef_

    def partial_fit(self, x: Array, y: Array) -> Regressor:
        self.coef_ -= self.learning_rate * x.T @ (self.predict(x) - y) / len(x)
        return self


@pytest.mark.parametrize(("rate", "found"), [(1e-9, ["update-ratio-off"]), (0.05, [])])
def test_the_loss_of_a_step_that_returns_none(rate: float, found: list[str]) -> None:
    y = X @ RNG.normal(size=(5, 2))
    given = (lambda p, t: 0.5 * np.sum((p - t) ** 2) / len(p), lambda p, t: (p - t) / len(p))
    report = chainrule.check_training(Regressor(rate), X, y, loss=given)
    assert [f.code for f in report.findings] == found


class Words:
    """A step and nothing else: no answers can be asked for."""

    def __init__(self, scale: float) -> None:
        self.vectors, self.bias = scale * np.random.default_rng(0).normal(size=(30, 16)), np.zeros(30)

    def step(self, x: Array, target: Array, learning_rate: float) -> float:
        context = self.vectors[x].sum(1)
        z = context @ self.vectors.T + self.bias
        value, d = loss(z, target), loss_gradient(z, target)
        dv = d.T @ context
        np.add.at(dv, x, np.repeat((d @ self.vectors)[:, None], x.shape[1], 1))
        self.vectors -= learning_rate * dv
        self.bias -= learning_rate * d.sum(0)
        return value


@pytest.mark.parametrize(("scale", "found"), [(1.0, ["initial-loss-off"]), (0.2, [])])
def test_the_first_loss_of_a_step_that_shows_no_answers(scale: float, found: list[str]) -> None:
    groups = RNG.integers(0, 6, 200)
    words = groups[:, None] * 5 + RNG.integers(0, 5, (200, 5))
    report = chainrule.check_training(Words(scale), words[:, :4], words[:, 4], learning_rate=0.1)
    assert [f.code for f in report.findings] == found


class FromZero:
    """Weights that begin at 0 let nothing through at first: the input is used all the same."""

    def __init__(self) -> None:
        self.W = np.zeros((5, 3))

    def step(self, x: Array, target: Array, learning_rate: float) -> float:
        z = x @ self.W
        value = loss(z, target)
        self.W -= learning_rate * x.T @ loss_gradient(z, target)
        return value


def test_weights_that_begin_at_zero() -> None:
    assert chainrule.check_training(FromZero(), X, LABELS, learning_rate=0.3).ok


class TimeFirst:
    """x (time, batch, features), target (batch,)."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.U, self.V, self.w = rng.normal(size=(2, 6)) / 2, 0.4 * np.eye(6), rng.normal(size=6) / 3

    def step(self, x: Array, target: Array, learning_rate: float) -> float:
        h = [np.zeros((x.shape[1], 6))]
        for frame in x:
            h.append(np.tanh(frame @ self.U + h[-1] @ self.V))
        error = h[-1] @ self.w - target
        d = 2 * error / len(error)
        dw, dh = h[-1].T @ d, np.outer(d, self.w)
        dU, dV = np.zeros_like(self.U), np.zeros_like(self.V)
        for t in reversed(range(len(x))):
            dz = dh * (1 - h[t + 1] ** 2)
            dU, dV, dh = dU + x[t].T @ dz, dV + h[t].T @ dz, dz @ self.V.T
        self.U -= learning_rate * dU
        self.V -= learning_rate * dV
        self.w -= learning_rate * dw
        return float(np.mean(error**2))


def test_samples_behind_the_time() -> None:
    x = RNG.normal(size=(7, 90, 2))
    report = chainrule.check_training(TimeFirst(), x, x[-3:, :, 0].sum(0), learning_rate=0.05)
    assert report.ok
    assert not [line for line in report.not_tested if "raises" in line]
