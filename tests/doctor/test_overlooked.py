"""Parameters whose gradient goes by no usual name: checked where it is found, said where it is not."""

import numpy as np
import pytest

import chainrule
from chainrule.doctor.errors import NotASubject

rng = np.random.default_rng(0)
x = rng.normal(size=(5, 4))


class Gained:
    """Scales and shifts; one gradient is abbreviated, the other missing."""

    factor = 1

    def __init__(self):
        self.W, self.bias_vec, self.gain = rng.normal(size=(4, 3)), np.zeros(3), np.ones(3)

    def forward(self, x):
        self.x = x
        return x @ self.W * self.gain + self.bias_vec

    def backward(self, dy):
        self.dW = self.x.T @ (dy * self.gain)
        self.g_bv = self.factor * dy.sum(0)
        return (dy * self.gain) @ self.W.T


def test_what_has_no_gradient_is_said():
    report = chainrule.check(Gained(), x)
    assert report.ok
    assert report.tested == ["x", "W", "bias_vec"]
    assert len(report.not_tested) == 1
    assert report.not_tested[0].startswith("gain: forward depends on it; no gradient found (looked for dgain")


def test_an_abbreviated_gradient_is_checked():
    layer = Gained()
    layer.factor = 7
    (finding,) = chainrule.check(layer, x).findings
    assert finding.targets == ["bias_vec"]


class Odd:
    def __init__(self):
        self.kern = rng.normal(size=(4, 3))

    def forward(self, x):
        self.x = x
        return x @ self.kern

    def backward(self, dy):
        self.zzz = self.x.T @ dy
        return dy @ self.kern.T


@pytest.mark.parametrize("params", [None, ["kern"]])
def test_an_unrelated_name_is_suggested(params):
    report = chainrule.check(Odd(), x, params=params)
    assert report.ok
    assert report.tested == ["x"]
    assert report.not_tested[0].startswith("kern: forward depends on it")


def test_params_may_name_the_gradient():
    report = chainrule.check(Odd(), x, params={"kern": "zzz"})
    assert report.tested == ["x", "kern"]


@pytest.mark.parametrize("params", [["kernel"], {"kern": "zz"}])
def test_params_that_are_not_there(params):
    with pytest.raises(NotASubject, match="there is kern"):
        chainrule.check(Odd(), x, params=params)


class Table:
    """What is no parameter: a table of positions, a cache, running statistics, a state, a mask."""

    def __init__(self):
        self.pe = rng.normal(size=(7, 4))
        self.running_mean = rng.normal(size=4)
        self.h = np.zeros(4)
        self.causal_mask = np.tril(np.ones((7, 7)))
        self.bias = np.where(self.causal_mask == 0, 1.0, 0.0)  # as some call a mask

    def forward(self, x):
        self.scale = np.full(4, 2.0)
        n = len(x)
        return (
            self.causal_mask[:n, :n] @ ((x + self.pe[:n] - self.running_mean) * self.scale)
            + self.h
            + self.bias.sum()
        )

    def backward(self, dy):
        n = len(dy)
        return self.causal_mask[:n, :n].T @ dy * self.scale


def test_what_is_no_parameter_is_not_asked_for():
    report = chainrule.check(Table(), x, intent={"causal"})
    assert report.ok
    assert not any("no gradient found" in line for line in report.not_tested)


class Gates:
    """Biases in a dict, gradients in a dict of dicts."""

    def __init__(self):
        self.W, self.b = rng.normal(size=(4, 3)), {"z": np.zeros(3), "h": np.zeros(3)}

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b["z"] + 2 * self.b["h"]

    def backward(self, dy):
        self.grads = {"W": self.x.T @ dy, "b": {"z": dy.sum(0), "h": 2 * dy.sum(0)}}
        return dy @ self.W.T


def test_gradients_in_a_dict_of_dicts():
    report = chainrule.check(Gates(), x)
    assert report.ok
    assert report.tested == ["x", "W", "b.z", "b.h"]


def test_the_keys_of_a_dict_are_no_states():
    class Forgetful(Gates):
        def backward(self, dy):
            self.dW = self.x.T @ dy
            return dy @ self.W.T

    report = chainrule.check(Forgetful(), x)
    assert report.not_yet == ["b.z", "b.h"]


def test_a_dict_of_gradients_beside_the_weight():
    class Layer(Gates):
        def __init__(self):
            self.weight, self.grads = rng.normal(size=(4, 3)), {}

        def forward(self, x):
            self.x = x
            return x @ self.weight

        def backward(self, dy):
            self.grads = {"weight": 2 * self.x.T @ dy}
            return dy @ self.weight.T

    (finding,) = chainrule.check(Layer(), x).findings
    assert finding.targets == ["weight"]
