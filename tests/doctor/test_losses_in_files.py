"""Losses that are classes, and models that a function of the file builds and trains with them."""

from __future__ import annotations

from pathlib import Path

from whole_files import Checked

LOSSES = """
class SquaredError:
    def loss(self, predicted, actual):
        return np.sum((predicted - actual) ** 2)
    def gradient(self, predicted, actual):
        return 2 * (predicted - actual)
"""

MODEL = """
class Dense:
    def __init__(self, units):
        self.units = units
    def build(self, n_in, rng):
        self.W = rng.normal(size=(n_in, self.units))
        return self.units
    def forward(self, x):
        self.x = x
        return x @ self.W
    def backward(self, g):
        self.dW = self.x.T @ g
        return g @ self.W.T

class Softmax:
    def build(self, n_in, rng):
        return n_in
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y
    def backward(self, g):
        return self.y * (g - (g * self.y).sum(axis=1, keepdims=True))

class FromLogits:
    @staticmethod
    def value(logits, y):
        z = logits - logits.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])
    @staticmethod
    def gradient(logits, y):
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        return p / len(y)

class Sequential:
    def __init__(self):
        self.layers = []
    def add(self, layer):
        self.layers.append(layer)
        return self
    def build(self, n_in, seed=0):
        rng = np.random.default_rng(seed)
        for layer in self.layers:
            n_in = layer.build(n_in, rng)
        return self
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def backward(self, g):
        for layer in self.layers[::-1]:
            g = layer.backward(g)
        return g
    def train_on_batch(self, x, y, loss):
        out = self.forward(x)
        self.backward(loss.gradient(out, y))
        return loss.value(out, y)

def make_model(n_features, n_classes):
    model = Sequential()
    model.add(Dense(6)).add(Dense(n_classes))
    return model.build(n_features)
"""


def test_a_loss_that_is_a_class(tmp_path: Path) -> None:
    said = Checked(tmp_path, LOSSES)
    assert said.tested == {"SquaredError": ["prediction"]}
    wrong = Checked(tmp_path, LOSSES.replace("2 * (predicted", "(predicted"))
    assert [code for code, _ in wrong.findings["SquaredError"]] == ["mean-sum-mismatch"]


def test_a_model_is_checked_with_the_loss_of_its_file(tmp_path: Path) -> None:
    said = Checked(tmp_path, MODEL)
    assert said.findings == {}
    assert said.tested["make_model"] == ["x", "layers.0.W", "layers.1.W"]
    twice = Checked(
        tmp_path, MODEL.replace(".add(Dense(n_classes))", ".add(Dense(n_classes)).add(Softmax())")
    )
    assert [code for code, _ in twice.findings["make_model"]] == ["softmax-twice"]


def test_of_several_losses_none_is_chosen(tmp_path: Path) -> None:
    assert "make_model" not in Checked(tmp_path, MODEL + LOSSES).tested
