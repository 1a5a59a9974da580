"""Models whose loss(x, y) runs backward, too, and leaves the gradients where it computes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from whole_files import Checked, imported

from chainrule import check

LAYERS = """
class Affine:
    def __init__(self, n, m, rng):
        self.weight, self.bias = rng.normal(size=(n, m)), np.zeros(m)
    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias
    def backward(self, g):
        self.d_weight, self.d_bias = self.x.T @ g, g.sum(axis=0)
        return g @ self.weight.T

class Regression:
    def __init__(self, n_features, n_hidden=6, l2=0.01):
        rng = np.random.default_rng(0)
        self.layers = [Affine(n_features, n_hidden, rng), Affine(n_hidden, 1, rng)]
        self.l2 = l2
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def loss(self, x, y):
        '''x: (n, features), y: (n,)'''
        y = y.reshape(-1, 1)
        error = self.forward(x) - y
        g = 2 * error.sum(axis=1, keepdims=True) / len(y)
        for layer in self.layers[::-1]:
            g = layer.backward(g)
        value = np.sum(error**2) / len(y)
        for layer in self.layers:
            value += 0.5 * self.l2 * np.sum(layer.weight**2)
            layer.d_weight += self.l2 * layer.weight
        return value
"""

ATTRIBUTES = """
class Softmax:
    def __init__(self, n_in, n_classes):
        self.W = np.random.default_rng(0).normal(size=(n_in, n_classes))
    def predict(self, X):
        return (X @ self.W).argmax(1)
    def compute_loss(self, X, labels):
        z = X @ self.W
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        n = len(X)
        d = p.copy()
        d[np.arange(n), labels] -= 1
        self.dW = X.T @ d / n
        return -np.log(p[np.arange(n), labels]).mean()
"""


def test_gradients_that_are_left_in_layers(tmp_path: Path) -> None:
    said = Checked(tmp_path, LAYERS)
    assert said.findings == {}
    names = [f"params.layers.{i}.{name}" for i in (0, 1) for name in ("weight", "bias")]
    assert said.tested["Regression"] == names
    wrong = Checked(tmp_path, LAYERS.replace("+= self.l2 * layer", "+= 2 * self.l2 * layer"))
    assert [code for code, _ in wrong.findings["Regression"]] == ["regularization-in-gradient"]


def test_gradients_that_are_left_in_attributes(tmp_path: Path) -> None:
    assert Checked(tmp_path, ATTRIBUTES).tested == {"Softmax": ["params.W"]}
    wrong = Checked(tmp_path, ATTRIBUTES.replace("X.T @ d / n", "X.T @ d"))
    assert [code for code, _ in wrong.findings["Softmax"]] == ["mean-sum-mismatch"]


def test_targets_that_meet_a_column_of_predictions(tmp_path: Path) -> None:
    wrong = Checked(tmp_path, LAYERS.replace("y = y.reshape(-1, 1)", "y = np.asarray(y)"))
    assert [code for code, _ in wrong.findings["Regression"]] == ["broadcast-collapsed"]


def test_the_target_is_handed_to_check_beside_the_input(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(7, 4)), rng.normal(size=7)
    right = check(imported(tmp_path, LAYERS).Regression(4), x, target=y)
    assert right.ok
    assert len(right.tested) == 4
    wrong = imported(tmp_path, LAYERS.replace("y = y.reshape(-1, 1)", "y = np.asarray(y)"))
    (finding,) = check(wrong.Regression(4), x, target=y).findings
    assert finding.code == "broadcast-collapsed"
