"""Where people keep parameters and their gradients: all of it is found, nothing has to be declared."""

import numpy as np
import pytest

from chainrule.doctor.naming import belongs
from chainrule.doctor.probe import Probe
from chainrule.doctor.quiet import quietly
from chainrule.doctor.subject import Subject


class Weight:
    def __init__(self, value):
        self.value, self.grad = value, np.zeros_like(value)


class Layer:
    """y = x W, with the gradient of W left where `store` puts it."""

    def forward(self, x):
        self.x = x
        return x @ self.weight()

    def backward(self, dy):
        self.store(self.x.T @ dy)
        return dy @ self.weight().T

    def weight(self):
        return self.W


def initial():
    return np.random.default_rng(0).normal(size=(4, 3))


class Attribute(Layer):
    def __init__(self):
        self.W = initial()

    def store(self, dW):
        self.dW = dW


class LongNames(Layer):
    def __init__(self):
        self.weights = initial()

    def weight(self):
        return self.weights

    def store(self, dW):
        self.gradient_weights = dW


class Dicts(Layer):
    def __init__(self):
        self.params, self.grads = {"W": initial()}, {}

    def weight(self):
        return self.params["W"]

    def store(self, dW):
        self.grads = {"dW": dW}  # a new dict each time


class Lists(Layer):
    def __init__(self):
        self.params = [initial()]
        self.grads = [np.zeros((4, 3))]

    def weight(self):
        return self.params[0]

    def store(self, dW):
        self.grads[0][...] = dW


class Objects(Layer):
    def __init__(self):
        self.W = Weight(initial())

    def weight(self):
        return self.W.value

    def store(self, dW):
        self.W.grad = dW


class Methods(Layer):
    def __init__(self):
        self.kernel, self._g = initial(), None

    def weight(self):
        return self.kernel

    def parameters(self):
        return [self.kernel]

    def gradients(self):
        return [self._g]

    def store(self, dW):
        self._g = dW


@pytest.mark.parametrize("kind", [Attribute, LongNames, Dicts, Lists, Objects, Methods])
def test_gradients_are_found_where_they_are_left(kind):
    x = np.random.default_rng(1).normal(size=(5, 4))
    with quietly():
        probe = Probe(Subject(kind(), (x,)))
        assert len(probe.names) == 2
        run = probe.run()
        name = probe.names[1]
        assert np.allclose(run.gradients[name], probe.inputs[0].T @ probe.upstream[""])
        probe.close()


def test_buffers_histories_and_settings_are_no_parameters():
    class Layer(Attribute):
        def __init__(self):
            super().__init__()
            self.running_mean = np.zeros(3)
            self.dW_history = []
            self.gradient_clip = 5.0
            self.mask = np.ones(3)

        def store(self, dW):
            self.dW = dW
            self.dW_history.append(np.abs(dW).max())
            self.running_mean = self.running_mean * 0.9

    with quietly():
        probe = Probe(Subject(Layer(), (np.random.default_rng(1).normal(size=(5, 4)),)))
        assert probe.names == ["x", "W"]
        probe.close()


@pytest.mark.parametrize(
    ("gradient", "parameter"),
    [
        ("dW", "W"),
        ("grad_W", "W"),
        ("W_grad", "W"),
        ("gW", "W"),
        ("nabla_w", "w"),
        ("dkernel", "kernel"),
        ("db1", "b1"),
        ("dw", "weight"),
    ],
)
def test_names_of_gradients(gradient, parameter):
    assert belongs(gradient, parameter)
    assert not belongs(gradient, "other")
