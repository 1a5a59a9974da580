"""The sigmoid activation of a small regression network, as one remembers it from the first lecture.

Symptom: the first layer's gradient does not depend on the loss; it learns the same thing from any
target.
Repair: multiply the derivative with the gradient from above.
"""
import numpy as np

CODES = ("ignores-upstream",)
PLACES = ("activation",)


class FullLayer:
    def __init__(self, n_in, n_out, rng):
        self.weight = rng.normal(size=(n_out, n_in)) / np.sqrt(n_in)
        self.bias = rng.normal(size=n_out) * 0.1

    def forward(self, x):
        self.input = x
        return x @ self.weight.T + self.bias

    def backward(self, grad_output):
        self.grad_weight = grad_output.T @ self.input
        self.grad_bias = grad_output.sum(0)
        return grad_output @ self.weight


class Sigmoid:
    def forward(self, x):
        self.output = 1 / (1 + np.exp(-x))
        return self.output

    def backward(self, grad_output):
        return self.output * (1 - self.output)  # FAULT


class Regression:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.hidden = FullLayer(n_in, n_hidden, rng)
        self.activation = Sigmoid()
        self.readout = FullLayer(n_hidden, n_out, rng)

    def forward(self, x):
        h = self.activation.forward(self.hidden.forward(x))
        return self.readout.forward(h)

    def backward(self, grad_output):
        grad = self.readout.backward(grad_output)
        grad = self.activation.backward(grad)
        return self.hidden.backward(grad)


class SigmoidRepaired:
    def forward(self, x):
        self.output = 1 / (1 + np.exp(-x))
        return self.output

    def backward(self, grad_output):
        return grad_output * self.output * (1 - self.output)


class RegressionRepaired:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.hidden = FullLayer(n_in, n_hidden, rng)
        self.activation = SigmoidRepaired()
        self.readout = FullLayer(n_hidden, n_out, rng)

    def forward(self, x):
        h = self.activation.forward(self.hidden.forward(x))
        return self.readout.forward(h)

    def backward(self, grad_output):
        grad = self.readout.backward(grad_output)
        grad = self.activation.backward(grad)
        return self.hidden.backward(grad)


def faulty():
    rng = np.random.default_rng(31)
    return {"subject": Regression(4, 6, 2, rng), "inputs": (rng.normal(size=(3, 4)),)}


def correct():
    rng = np.random.default_rng(31)
    return {"subject": RegressionRepaired(4, 6, 2, rng), "inputs": (rng.normal(size=(3, 4)),)}
