"""Private forwards and backwards, and weights that are made after the constructor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from whole_files import Checked, imported

from chainrule import check

CLASSIFIER = """
class Classifier:
    def __init__(self, hidden=(8,), keep=0.7, seed=0):
        self.hidden, self.keep = hidden, keep
        self.rng = np.random.RandomState(seed)

    def _init_weights(self, n_features, n_classes):
        sizes = [n_features, *self.hidden, n_classes]
        self.weights_ = [self.rng.randn(a, b) / np.sqrt(a) for a, b in zip(sizes, sizes[1:])]
        self.biases_ = [np.zeros(b) for b in sizes[1:]]

    def _forward(self, X, train=False):
        outputs, masks = [X], []
        for W, b in zip(self.weights_[:-1], self.biases_[:-1]):
            h = np.tanh(outputs[-1] @ W + b)
            mask = (self.rng.rand(*h.shape) < self.keep) / self.keep if train else np.ones(h.shape)
            masks.append((mask, h))
            outputs.append(h * mask)
        return outputs[-1] @ self.weights_[-1] + self.biases_[-1], (outputs, masks)

    def _backward(self, dz, cache):
        outputs, masks = cache
        dW, db = [], []
        for i in reversed(range(len(self.weights_))):
            dW.insert(0, outputs[i].T @ dz)
            db.insert(0, dz.sum(axis=0))
            if i > 0:
                mask, h = masks[i - 1]
                dz = dz @ self.weights_[i].T * mask * (1 - h**2)
        return dW, db

    def fit(self, X, y):
        classes = np.unique(y)
        self._init_weights(X.shape[1], len(classes))
        for _ in range(3):
            z, cache = self._forward(X, train=True)
            p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
            dW, db = self._backward((p - (y[:, None] == classes)) / len(X), cache)
            for W, b, gW, gb in zip(self.weights_, self.biases_, dW, db):
                W -= 0.1 * gW
                b -= 0.1 * gb
        return self

    def predict(self, X):
        return self._forward(X)[0].argmax(1)
"""

LAYERS = """
class Dense:
    def __init__(self, units):
        self.units = units
    def build(self, input_shape, rng):
        self.W, self.b = rng.normal(size=(input_shape[-1], self.units)), np.zeros(self.units)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(axis=0)
        return dy @ self.W.T

class Hidden:
    def __init__(self, n=4, m=3):
        self.W = np.random.default_rng(0).normal(size=(n, m))
    def __forward(self, x):
        self.x = x
        return np.tanh(x @ self.W)
    def __backward(self, dy):
        dz = dy * (1 - np.tanh(self.x @ self.W) ** 2)
        self.dW = self.x.T @ dz
        return dz @ self.W.T
    def fit(self, x, y):
        self.__backward(self.__forward(x) - y)
"""

LOGISTIC = """
class Logistic:
    def fit(self, X, y, epochs=5):
        self.w = np.zeros(X.shape[1])
        for _ in range(epochs):
            self.w -= 0.1 * self._backward(X, y, self._forward(X))[0]
    def _forward(self, X):
        return 1 / (1 + np.exp(-(X @ self.w)))
    def _loss(self, p, y):
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    def _backward(self, X, y, p):
        dw = X.T @ (p - y) / len(y)
        return dw,
    def predict(self, X):
        return self._forward(X) > 0.5
"""

PARAMETERS = ["weights_.0", "weights_.1", "biases_.0", "biases_.1"]


def test_a_model_with_nothing_but_fit_and_predict(tmp_path: Path) -> None:
    assert Checked(tmp_path, CLASSIFIER).tested == {"Classifier": PARAMETERS}
    wrong = Checked(tmp_path, CLASSIFIER.replace("* mask * (1", "* (mask > 0) * (1"))
    assert [code for code, _ in wrong.findings["Classifier"]] == ["dropout-scale-missing"]


def test_weights_that_build_makes_and_names_that_are_mangled(tmp_path: Path) -> None:
    said = Checked(tmp_path, LAYERS)
    assert said.findings == {}
    assert said.tested == {"Dense": ["x", "W", "b"], "Hidden": ["x", "W"]}
    wrong = Checked(tmp_path, LAYERS.replace("dy.sum(axis=0)", "dy.sum()"))
    assert wrong.targets["Dense"] == [["b"]]


def test_weights_that_only_fit_makes(tmp_path: Path) -> None:
    assert Checked(tmp_path, LOGISTIC).tested == {"Logistic": ["params.w"]}
    assert list(Checked(tmp_path, LOGISTIC.replace(" / len(y)", "")).findings) == ["Logistic"]


@pytest.mark.parametrize("labels", [True, False])
def test_check_makes_the_weights_of_what_it_is_handed(tmp_path: Path, labels: bool) -> None:
    model = imported(tmp_path, CLASSIFIER).Classifier()
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(12, 6)), np.arange(12) % 3
    report = check(model, X, y) if labels else check(model, X)
    assert report.ok
    assert report.tested == PARAMETERS
    assert not hasattr(model, "weights_")  # it is left as it was
