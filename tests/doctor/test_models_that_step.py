"""Models with a loss, gradients and a step of their own: all three are under test."""

from __future__ import annotations

import numpy as np
import pytest
from findings import only, text

import chainrule

Array = np.ndarray
RNG = np.random.default_rng(12)


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


class Logistic:
    """loss(x, target), gradients(x, target) that returns them, and a step."""

    def __init__(self, rate_sign: float = 1.0) -> None:
        self.params = {"W": RNG.normal(size=(4, 3)), "b": np.zeros(3)}
        self.rate_sign = rate_sign

    def loss(self, x: Array, target: Array) -> float:
        z = x @ self.params["W"] + self.params["b"]
        z = z - z.max(1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), target]))

    def gradients(self, x: Array, target: Array) -> dict[str, Array]:
        z = x @ self.params["W"] + self.params["b"]
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(len(p)), target] -= 1
        return {"W": x.T @ p / len(p), "b": p.sum(0) / len(p)}

    def step(self, x: Array, target: Array, learning_rate: float) -> float:
        before = self.loss(x, target)
        for name, g in self.gradients(x, target).items():
            self.params[name] -= self.rate_sign * learning_rate * g
        return before


def test_the_step_is_checked_beside_the_gradients() -> None:
    x, target = RNG.normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 2])
    report = chainrule.check(Logistic(), x, target=target)
    assert report.ok
    assert {"params.W", "params.b"} <= set(report.tested)
    assert only(Logistic(rate_sign=-1.0), x, target=target).code == "update-disagrees"


class SkipGram:
    """gradients() leaves them in dE and dO, which were there before: these are no parameters."""

    def __init__(self, all_rows: bool) -> None:
        self.E, self.O, self.all_rows = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 3)), all_rows
        self.dE, self.dO = np.zeros((12, 3)), np.zeros((12, 3))

    def loss(self, x: Array, target: Array) -> float:
        s = np.einsum("bd,bkd->bk", self.E[x], self.O[target])
        s[:, 1:] *= -1
        return float(-np.log(sigmoid(s)).sum() / len(x))

    def gradients(self, x: Array, target: Array) -> None:
        g = sigmoid(np.einsum("bd,bkd->bk", self.E[x], self.O[target]))
        g[:, 0] -= 1
        g /= len(x)
        self.dE, self.dO = np.zeros_like(self.E), np.zeros_like(self.O)
        np.add.at(self.dE, x, np.einsum("bk,bkd->bd", g, self.O[target]))
        np.add.at(self.dO, target, g[:, :, None] * self.E[x][:, None, :])

    def step(self, x: Array, target: Array, learning_rate: float) -> float:
        before = self.loss(x, target)
        self.gradients(x, target)
        for i in np.unique(x) if self.all_rows else range(len(x)):
            self.E[i] -= learning_rate * self.dE[i]
        for i in np.unique(target):
            self.O[i] -= learning_rate * self.dO[i]
        return before


@pytest.mark.parametrize("all_rows", [True, False])
def test_rows_that_a_step_leaves_out(all_rows: bool) -> None:
    x = np.array([7, 2, 11, 7, 5])
    target = np.array([[3, 9, 0], [1, 8, 4], [6, 10, 3], [0, 5, 2], [9, 11, 1]])
    report = chainrule.check(SkipGram(all_rows), x, target=target)
    assert [f.code for f in report.findings] == ([] if all_rows else ["rows-not-updated"])
    assert {"params.E", "params.O"} <= set(report.tested)


class Focal:
    """loss(x, target) takes the input, backward(prob, target) what forward has answered."""

    def __init__(self, right: bool) -> None:
        self.w, self.right = RNG.normal(size=4), right

    def forward(self, x: Array) -> Array:
        self.x = x
        return sigmoid(x @ self.w)

    def loss(self, x: Array, target: Array) -> float:
        prob = self.forward(x)
        pt = np.where(target == 1, prob, 1 - prob)
        return float(np.mean(-((1 - pt) ** 2) * np.log(pt)))

    def backward(self, prob: Array, target: Array) -> Array:
        pt = np.where(target == 1, prob, 1 - prob)
        dpt = (2 * (1 - pt) * np.log(pt) - (1 - pt) ** 2 / pt) / len(target)
        dz = np.where(target == 1, dpt, -dpt) * prob * (1 - prob if self.right else 1)
        self.dw = self.x.T @ dz
        return np.outer(dz, self.w)


@pytest.mark.parametrize("right", [True, False])
def test_a_backward_that_is_handed_the_answers(right: bool) -> None:
    x = RNG.normal(size=(6, 4))
    report = chainrule.check(Focal(right), x, target=(x[:, 0] > 0).astype(int))
    assert report.ok is right
    if right:
        assert "params.w" in report.tested
    else:
        assert report.findings[0].code.startswith("activation-derivative-")


class Penalized:
    """The cost has lambda / 2m times the squares; the gradient lambda times the weights, over m or not."""

    def __init__(self, over_m: bool) -> None:
        self.parameters = {"W1": RNG.normal(size=(5, 4)), "W2": RNG.normal(size=(1, 5))}
        self.grads: dict[str, Array] = {}
        self.over_m, self.lambd = over_m, 0.7

    def forward(self, X: Array) -> Array:
        self.X, self.A1 = X, np.tanh(self.parameters["W1"] @ X)
        self.A2 = sigmoid(self.parameters["W2"] @ self.A1)
        return self.A2

    def compute_cost(self, A2: Array, Y: Array) -> float:
        m = Y.shape[1]
        squares = sum(np.sum(W**2) for W in self.parameters.values())
        return float(-np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m + self.lambd / (2 * m) * squares)

    def backward(self, Y: Array) -> dict[str, Array]:
        m = Y.shape[1]
        dZ2 = self.A2 - Y
        dZ1 = self.parameters["W2"].T @ dZ2 * (1 - self.A1**2)
        for name, data in (("W2", dZ2 @ self.A1.T / m), ("W1", dZ1 @ self.X.T / m)):
            decay = self.lambd * self.parameters[name]
            self.grads["d" + name] = data + decay / (m if self.over_m else 1)
        return self.grads


@pytest.mark.parametrize("over_m", [True, False])
def test_the_penalty_of_the_code_s_own_cost(over_m: bool) -> None:
    X, Y = RNG.normal(size=(4, 6)), RNG.integers(0, 2, size=(1, 6)).astype(float)
    report = chainrule.check(Penalized(over_m), X, target=Y)
    assert any("with a penalty on the weights" in line for line in report.assumed)
    assert [f.code for f in report.findings] == ([] if over_m else ["regularization-in-gradient"])
    if over_m:
        assert report.tested == ["parameters.W1", "parameters.W2"]
    else:
        assert text(report.findings[0]).startswith('self.grads["d" + name] =')
