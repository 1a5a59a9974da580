"""A backward that takes labels and starts the gradient itself; a loss that needs no gradient from above."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from findings import only, text
from typer.testing import CliRunner

import chainrule
from chainrule.cli import app

X = np.random.default_rng(0).normal(size=(6, 5))


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


class Classifier:
    """Softmax at the end, backward(Y) from one-hot labels."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.W1, self.b1 = rng.normal(size=(5, 4)), np.zeros(4)
        self.W2, self.b2 = rng.normal(size=(4, 3)), np.zeros(3)

    def forward(self, X: np.ndarray) -> np.ndarray:
        self.X, self.h = X, np.tanh(X @ self.W1 + self.b1)
        self.p = softmax(self.h @ self.W2 + self.b2)
        return self.p

    def delta(self, Y: np.ndarray) -> np.ndarray:
        return (self.p - Y) / len(Y)

    def backward(self, Y: np.ndarray) -> None:
        d = self.delta(Y)
        self.dW2, self.db2 = self.h.T @ d, d.sum(0)
        dz = d @ self.W2.T * (1 - self.h**2)
        self.dW1, self.db1 = self.X.T @ dz, dz.sum(0)


class WithoutSlope(Classifier):
    def backward(self, Y: np.ndarray) -> None:
        d = self.delta(Y)
        self.dW2, self.db2 = self.h.T @ d, d.sum(0)
        dz = d @ self.W2.T
        self.dW1, self.db1 = self.X.T @ dz, dz.sum(0)


class OfClassNumbers(Classifier):
    def delta(self, y: np.ndarray) -> np.ndarray:
        d = self.p.copy()
        d[np.arange(len(y)), y] -= 1
        return d / len(y)


class Summed(Classifier):
    def delta(self, Y: np.ndarray) -> np.ndarray:
        return self.p - Y


class SummedForAMean(Summed):
    def compute_loss(self, X: np.ndarray, Y: np.ndarray) -> float:
        return float(-np.sum(Y * np.log(self.forward(X) + 1e-8)) / len(Y))


class Regression(Classifier):
    def forward(self, X: np.ndarray) -> np.ndarray:
        self.X, self.h = X, np.tanh(X @ self.W1 + self.b1)
        self.p = self.h @ self.W2 + self.b2
        return self.p


class Ascending(Regression):
    """y - prediction, and the weights are added to."""

    def delta(self, Y: np.ndarray) -> np.ndarray:
        return Y - self.p

    def mse(self, prediction: np.ndarray, y: np.ndarray) -> float:
        return float(np.mean((y - prediction) ** 2))

    def update(self, rate: float) -> None:
        self.W1 += rate * self.dW1
        self.W2 += rate * self.dW2


class Penalized(Classifier):
    def backward(self, Y: np.ndarray) -> None:
        super().backward(Y)
        self.dW1 += 0.1 * self.W1


class Unknown(Classifier):
    def delta(self, Y: np.ndarray) -> np.ndarray:
        return self.p**2 - Y


@pytest.mark.parametrize(
    "model", [Classifier, OfClassNumbers, Summed, Regression, Ascending, Penalized], ids=lambda m: m.__name__
)
def test_right_for_a_usual_loss(model: type) -> None:
    report = chainrule.check(model(), X)
    assert report.ok, report
    assert "b2" in report.tested


def test_the_labels_that_are_handed_in() -> None:
    Y = np.eye(3)[np.random.default_rng(2).integers(0, 3, 6)]
    assert chainrule.check(Classifier(), X, target=Y).ok
    assert chainrule.check(OfClassNumbers(), X, target=Y.argmax(1)).ok


def test_a_fault_behind_the_labels() -> None:
    finding = only(WithoutSlope(), X)
    assert (finding.code, finding.verified) == ("activation-derivative-missing", True)
    assert set(finding.targets) == {"W1", "b1"}


def test_its_own_loss_is_a_mean() -> None:
    finding = only(SummedForAMean(), X)
    assert (finding.code, finding.verified) == ("mean-sum-mismatch", True)


def test_no_usual_loss() -> None:
    report = chainrule.check(Unknown(), X)
    assert report.ok
    assert not report.tested
    assert "takes labels" in report.not_tested[0]


def test_loss_is_given() -> None:
    def loss(p: np.ndarray, Y: np.ndarray) -> float:
        return float(-np.sum(Y * np.log(p)))

    Y = np.eye(3)[np.random.default_rng(2).integers(0, 3, 6)]
    assert chainrule.check(Summed(), X, loss=loss, target=Y).ok
    assert not chainrule.check(Classifier(), X, loss=loss, target=Y).ok


def test_an_ordinary_gradient_of_that_name() -> None:
    class Offset:
        def forward(self, x: np.ndarray) -> np.ndarray:
            return 2 * x

        def backward(self, dy: np.ndarray) -> np.ndarray:
            return 2 * dy + 0.3

    class Scaled(Offset):
        def backward(self, y: np.ndarray) -> np.ndarray:
            return -2 * y

    assert only(Offset(), X).code == "constant-offset"
    assert only(Scaled(), X).code == "sign-flipped"


class Loss:
    """Whether dout enters does not matter, where it is 1."""

    def __init__(self, uses: bool, count: bool) -> None:
        self.uses, self.count = uses, count

    def forward(self, x: np.ndarray, t: np.ndarray) -> float:
        self.p, self.t = softmax(x), t
        return float(-np.log(self.p[np.arange(len(t)), t] + 1e-7).mean())

    def backward(self, dout: float = 1) -> np.ndarray:
        d = self.p.copy()
        d[np.arange(len(self.t)), self.t] -= 1
        d = d / len(self.t) if self.count else d
        return d * dout if self.uses else d


class Below:
    def __init__(self, loss: Any, factor: float = 1.0) -> None:
        self.W, self.loss, self.factor = np.random.default_rng(3).normal(size=(5, 3)), loss, factor

    def forward(self, x: np.ndarray, t: np.ndarray) -> float:
        self.x = x
        return float(self.loss.forward(x @ self.W, t))

    def backward(self) -> np.ndarray:
        d = self.loss.backward()
        self.dW = self.factor * self.x.T @ d
        return np.asarray(d @ self.W.T)


@pytest.mark.parametrize("uses", [False, True])
def test_a_loss_with_an_optional_dout(uses: bool) -> None:
    t = np.array([0, 1, 2, 0, 1, 1])
    assert chainrule.check(Loss(uses, True), X[:, :3], t).ok
    assert chainrule.check(Below(Loss(uses, True)), X, t).ok
    assert only(Loss(uses, False), X[:, :3], t).code == "mean-sum-mismatch"
    inside = only(Below(Loss(uses, False)), X, t)
    assert (inside.code, inside.where) == ("mean-sum-mismatch", "loss")
    beside = only(Below(Loss(uses, True), 2.0), X, t)
    assert (beside.where, beside.targets) == ("", ["W"])
    assert text(beside).startswith("self.dW")


MODEL_OF_FUNCTIONS = """
import numpy as np

def init_parameters(layer_dims):
    rng = np.random.default_rng(3)
    shapes = zip(layer_dims[1:], layer_dims)
    return {f"W{i}": rng.normal(size=shape) for i, shape in enumerate(shapes, 1)}

def model_forward(X, parameters):
    caches, A = [], X
    for i in range(1, len(parameters) + 1):
        W = parameters[f"W{i}"]
        Z = W @ A
        caches.append((A, W, Z))
        A = np.tanh(Z)
    AL = 1 / (1 + np.exp(-2 * Z))
    return AL, caches

def compute_cost(AL, Y):
    return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / Y.shape[1]

def model_backward(AL, Y, caches):
    grads, dZ = {}, 2 * (AL - Y)
    for i in range(len(caches), 0, -1):
        A, W, Z = caches[i - 1]
        grads[f"dW{i}"] = dZ @ A.T / Y.shape[1]
        if i > 1:
            dZ = W.T @ dZ * SLOPE
    return grads
"""


@pytest.mark.parametrize(("slope", "right"), [("(1 - A**2)", True), ("(1 - A)", False)])
def test_functions_that_are_handed_prediction_labels_and_caches(
    tmp_path: Path, slope: str, right: bool
) -> None:
    """model_backward(AL, Y, caches): AL is what forward has returned."""
    file = tmp_path / "dnn.py"
    file.write_text(MODEL_OF_FUNCTIONS.replace("SLOPE", slope))
    result = CliRunner().invoke(app, ["check", str(file)])
    said = " ".join(result.stdout.split())
    assert "that of the binary cross-entropy, divided by" in said
    assert "as the code's own loss" in said
    assert ("1 checked: 1 right" in said) is right
    assert ("activation's derivative" in said) is not right


PART_AT_FAULT = """
import numpy as np

def sigmoid(Z):
    return 1 / (1 + np.exp(-Z)), Z

def sigmoid_backward(dA, cache):
    s = 1 / (1 + np.exp(-cache))
    return dA * s

def dense_forward(X, W):
    A, Z = sigmoid(X @ W)
    return A, (X, W, Z)

def dense_backward(dA, cache):
    X, W, Z = cache
    dZ = sigmoid_backward(dA, Z)
    return dZ @ W.T, X.T @ dZ
"""


def test_a_function_is_wrong_because_of_one_that_it_calls(tmp_path: Path) -> None:
    """Nothing else is said of the caller, whatever edit of it would heal."""
    file = tmp_path / "layers.py"
    file.write_text(PART_AT_FAULT)
    said = " ".join(CliRunner().invoke(app, ["check", str(file)]).stdout.split())
    assert said.count("proved:") == 1
    assert "✗ the fault that sigmoid has, line 9" in said
    assert "2 checked: 2 wrong (1 fault)" in said
