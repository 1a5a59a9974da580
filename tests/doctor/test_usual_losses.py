"""Models that begin at a loss which they do not tell: one of the usual ones is meant, and found."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from findings import only
from typer.testing import CliRunner

import chainrule
from chainrule.cli import app

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(5, 4)), (RNG.uniform(size=(5, 1)) < 0.5).astype(float)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


class ListOfLayers:
    """One sample, a column; gradients in lists, beside those of the parameters. slip: what is wrong."""

    def __init__(self, slip: str = "") -> None:
        self.biases = [RNG.normal(size=(n, 1)) for n in (6, 3)]
        self.weights = [RNG.normal(size=s) for s in ((6, 4), (3, 6))]
        self.slip = slip

    def feedforward(self, a: np.ndarray) -> np.ndarray:
        for b, w in zip(self.biases, self.weights, strict=True):
            a = sigmoid(w @ a + b)
        return a

    def backprop(self, x: np.ndarray, y: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        hidden = sigmoid(self.weights[0] @ x + self.biases[0])
        out = sigmoid(self.weights[1] @ hidden + self.biases[1])
        outer = (out - y) * out * (1 - out)
        inner = self.weights[1].T @ outer
        if self.slip != "no derivative":
            inner = inner * hidden * (1 - hidden)
        return [inner, outer], [inner @ x.T, outer @ hidden.T]


class StepsUphill:
    """backward(X, y, output) adds to the weights, with y - output."""

    rate: float | None = None

    def __init__(self) -> None:
        self.W1, self.W2 = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 1))

    def forward(self, X: np.ndarray) -> np.ndarray:
        self.hidden = sigmoid(X @ self.W1)
        return sigmoid(self.hidden @ self.W2)

    def backward(self, X: np.ndarray, y: np.ndarray, output: np.ndarray) -> None:
        delta = (y - output) * output * (1 - output)
        inner = delta @ self.W2.T * self.slope()
        self.W1 += X.T @ inner
        self.W2 += self.hidden.T @ delta

    def slope(self) -> np.ndarray:
        return self.hidden * (1 - self.hidden)


class WithoutSlope(StepsUphill):
    def slope(self) -> Any:
        return 1.0


@pytest.mark.parametrize("batch", [2, 5])
def test_a_model_that_adds_with_the_sign_turned_is_right(batch: int) -> None:
    report = chainrule.check(StepsUphill(), X[:batch], Y[:batch])
    assert report.ok, report
    assert report.assumed == ["it tells no loss: compared with half the squared error, summed"]


def test_lists_of_gradients_are_compared_with_half_the_squared_error() -> None:
    column, target = X[:1].T, np.array([[0.0], [1.0], [0.0]])
    report = chainrule.check(ListOfLayers(), column, target)
    assert report.ok, report
    assert set(report.tested) >= {"params.weights.0", "params.biases.1"}, report
    found = only(ListOfLayers("no derivative"), column, target)
    assert found.code == "activation-derivative-missing"
    assert set(found.targets) == {"params.weights.0", "params.biases.0"}


def test_what_fits_the_loss_is_right_and_the_rest_is_named() -> None:
    found = only(WithoutSlope(), X, Y)
    assert (found.code, found.targets) == ("activation-derivative-missing", ["params.W1"])


def test_of_none_of_the_usual_losses_is_an_error_that_says_what_to_do() -> None:
    class Odd(StepsUphill):
        def backward(self, X: np.ndarray, y: np.ndarray, output: np.ndarray) -> None:
            self.W2 += self.hidden.T @ (y - output) ** 3

    with pytest.raises(TypeError, match="a method loss"):
        chainrule.check(Odd(), X, Y)


AROUND_DATA = """
    import numpy as np

    class NeuralNetwork:
        def __init__(self, x, y):
            self.input, self.y = x, y
            self.weights1 = np.random.rand(self.input.shape[1], 4)
            self.weights2 = np.random.rand(4, 1)
            self.output = np.zeros(y.shape)
        def feedforward(self):
            self.layer1 = sigmoid(np.dot(self.input, self.weights1))
            self.output = sigmoid(np.dot(self.layer1, self.weights2))
        def backprop(self):
            delta = 2 * (self.y - self.output) * slope(self.output)
            inner = np.dot(delta, self.weights2.T) * slope(self.layer1)
            self.weights1 += np.dot(self.input.T, inner)
            self.weights2 += np.dot(self.layer1.T, delta)

    def sigmoid(x): return 1.0 / (1 + np.exp(-x))
    def slope(s): return s * (1.0 - s)
"""


def test_a_model_that_is_built_around_its_data_is_started(tmp_path: Path) -> None:
    file = tmp_path / "first.py"
    for text, status, said in (
        (AROUND_DATA, 0, "no fault found: gradients of params.weights1, params.weights2"),
        (AROUND_DATA.replace(" * slope(self.layer1)", ""), 1, "the activation's derivative is left out"),
    ):
        file.write_text(dedent(text))
        result = CliRunner().invoke(app, ["check", str(file), "NeuralNetwork"])
        assert (result.exit_code, said in " ".join(result.stdout.split())) == (status, True), result.stdout


class AroundItsData:
    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = x, y
        self.W = RNG.normal(size=(x.shape[1], 1))

    def forward(self) -> None:
        self.output = sigmoid(self.x @ self.W)

    def backward(self) -> None:
        self.W += self.x.T @ (self.y - self.output)


def test_a_model_that_holds_its_data_needs_no_inputs() -> None:
    model = AroundItsData(X, Y)
    before = model.W.copy()
    report = chainrule.check(model)
    assert report.ok, report
    assert report.tested == ["params.W"]
    assert report.assumed == ["it tells no loss: compared with the binary cross-entropy, summed"]
    assert np.array_equal(model.W, before)
