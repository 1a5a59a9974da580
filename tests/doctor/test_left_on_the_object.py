"""Layers that return nothing: forward leaves `output` on the object, backward leaves `dinputs`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import check

X = np.random.default_rng(0).normal(size=(4, 5))
LABELS = np.array([0, 3, 1, 3])


class Dense:
    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.weights, self.biases = rng.normal(size=(5, 3)), np.zeros((1, 3))

    def forward(self, inputs: Any, training: bool = True) -> None:
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases

    def backward(self, dvalues: Any) -> None:
        self.dweights, self.dbiases = self.inputs.T @ dvalues, dvalues.sum(0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T


class MeanBias(Dense):
    def backward(self, dvalues: Any) -> None:
        super().backward(dvalues)
        self.dbiases = dvalues.mean(0, keepdims=True)


class OnlyWeights(Dense):
    def backward(self, dvalues: Any) -> None:
        self.dweights = self.inputs.T @ dvalues


class ReLU:
    def forward(self, inputs: Any) -> None:
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues: Any) -> None:
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0


class MaskedByUpstream(ReLU):
    def backward(self, dvalues: Any) -> None:
        self.dinputs = dvalues.copy()
        self.dinputs[dvalues <= 0] = 0


class Softmax:
    def forward(self, inputs: Any) -> None:
        e = np.exp(inputs - inputs.max(1, keepdims=True))
        self.output = e / e.sum(1, keepdims=True)

    def backward(self, dvalues: Any) -> None:
        self.dinputs = self.output * (dvalues - (dvalues * self.output).sum(1, keepdims=True))


class CrossEntropy:
    """A number for each sample; `calculate` takes their mean."""

    def calculate(self, output: Any, y: Any) -> Any:
        return np.mean(self.forward(output, y))

    def forward(self, y_pred: Any, y_true: Any) -> Any:
        return -np.log(y_pred[range(len(y_pred)), y_true])

    def backward(self, dvalues: Any, y_true: Any) -> None:
        self.dinputs = -np.eye(len(dvalues[0]))[y_true] / dvalues / len(dvalues)


class NotDivided(CrossEntropy):
    def backward(self, dvalues: Any, y_true: Any) -> None:
        self.dinputs = -np.eye(len(dvalues[0]))[y_true] / dvalues


class Summed(NotDivided):
    def calculate(self, output: Any, y: Any) -> Any:
        return np.sum(self.forward(output, y))


class Positive(CrossEntropy):
    def backward(self, dvalues: Any, y_true: Any) -> None:
        self.dinputs = np.eye(len(dvalues[0]))[y_true] / dvalues / len(dvalues)


class SoftmaxCrossEntropy:
    """backward is handed what forward has left in `output`."""

    def __init__(self) -> None:
        self.activation, self.loss = Softmax(), CrossEntropy()

    def forward(self, inputs: Any, y_true: Any) -> Any:
        self.activation.forward(inputs)
        self.output = self.activation.output
        return self.loss.calculate(self.output, y_true)

    def backward(self, dvalues: Any, y_true: Any) -> None:
        self.dinputs = dvalues.copy()
        self.dinputs[range(len(dvalues)), y_true] -= 1
        self.dinputs = self.dinputs / len(dvalues)


class Undivided(SoftmaxCrossEntropy):
    def backward(self, dvalues: Any, y_true: Any) -> None:
        super().backward(dvalues, y_true)
        self.dinputs = self.dinputs * len(dvalues)


class Stack:
    def __init__(self) -> None:
        self.layers = [ReLU(), Dense(), Softmax()]

    def forward(self, inputs: Any) -> None:
        for layer in self.layers:
            layer.forward(inputs)
            inputs = layer.output
        self.output = inputs

    def backward(self, dvalues: Any) -> None:
        for layer in reversed(self.layers):
            layer.backward(dvalues)
            dvalues = layer.dinputs
        self.dinputs = dvalues


PROBABILITIES = np.random.default_rng(2).uniform(0.1, 0.9, (4, 5))


@pytest.mark.parametrize(
    ("subject", "inputs", "tested"),
    [
        (Dense(), (X,), ["inputs", "weights", "biases"]),
        (ReLU(), (X,), ["inputs"]),
        (Softmax(), (X,), ["inputs"]),
        (CrossEntropy(), (PROBABILITIES, LABELS), ["y_pred"]),
        (Summed(), (PROBABILITIES, LABELS), ["y_pred"]),
        (SoftmaxCrossEntropy(), (X, LABELS), ["inputs"]),
        (Stack(), (X,), ["inputs", "layers.1.weights", "layers.1.biases"]),
        (OnlyWeights(), (X,), ["weights"]),
    ],
)
def test_right_ones_are_checked(subject: Any, inputs: tuple[Any, ...], tested: list[str]) -> None:
    report = check(subject, *inputs)
    assert report.ok, report
    assert report.tested == tested


@pytest.mark.parametrize(
    ("subject", "inputs", "code", "target"),
    [
        (MeanBias(), (X,), "broadcast-not-summed", "biases"),
        (MaskedByUpstream(), (X,), "nonlinear-backward", "inputs"),
        (NotDivided(), (PROBABILITIES, LABELS), "mean-sum-mismatch", "y_pred"),
        (Positive(), (PROBABILITIES, LABELS), "sign-flipped", "y_pred"),
        (Undivided(), (X, LABELS), "mean-sum-mismatch", "inputs"),
    ],
)
def test_faults_are_named(subject: Any, inputs: tuple[Any, ...], code: str, target: str) -> None:
    found = check(subject, *inputs).findings[0]
    assert (found.code, found.verified, target in found.targets) == (code, True, True)


@pytest.mark.parametrize("made", [Dense, Stack])
def test_caches_of_one_that_has_run_before_are_no_parameters(made: type) -> None:
    subject = made()
    subject.forward(X)
    subject.backward(np.ones((4, 3)))
    report = check(subject, X)
    assert report.ok, report
    assert not [name for name in report.tested if name.endswith(".inputs")]


def test_a_forward_that_leaves_nothing_is_told() -> None:
    class Hidden:
        def forward(self, inputs: Any) -> None:
            self.secret = 2 * inputs

        def backward(self, dvalues: Any) -> None:
            self.dinputs = 2 * dvalues

    with pytest.raises(TypeError, match="forward of Hidden returns nothing"):
        check(Hidden(), X)
