"""A perceptron in column convention that takes its gradient step between the two layers' errors.

Symptom: training is a little unstable; with a tiny eta it is fine.
Repair: compute both errors first, then step.
"""
import numpy as np

CODES = ("updates-weights-early",)
PLACES = ("Theta2", "Theta1", "x", "")


class MLP:
    """Columns are samples: x has shape (n_in, m)."""

    def __init__(self, n_in, n_hidden, n_out, rng):
        self.Theta1 = rng.normal(0, 0.5, (n_hidden, n_in))
        self.beta1 = rng.normal(0, 0.1, (n_hidden, 1))
        self.Theta2 = rng.normal(0, 0.5, (n_out, n_hidden))
        self.beta2 = rng.normal(0, 0.1, (n_out, 1))

    def forward(self, x):
        self.a0 = x
        self.a1 = 1 / (1 + np.exp(-(self.Theta1 @ x + self.beta1)))
        return self.Theta2 @ self.a1 + self.beta2

    def backward(self, delta2, eta):
        nabla_2 = delta2 @ self.a1.T
        self.Theta2 -= eta * nabla_2  # FAULT
        self.beta2 -= eta * delta2.sum(axis=1, keepdims=True)
        delta1 = (self.Theta2.T @ delta2) * self.a1 * (1 - self.a1)
        nabla_1 = delta1 @ self.a0.T
        delta0 = self.Theta1.T @ delta1
        self.Theta1 -= eta * nabla_1
        self.beta1 -= eta * delta1.sum(axis=1, keepdims=True)
        return delta0


class MLPRepaired:
    """Columns are samples: x has shape (n_in, m)."""

    def __init__(self, n_in, n_hidden, n_out, rng):
        self.Theta1 = rng.normal(0, 0.5, (n_hidden, n_in))
        self.beta1 = rng.normal(0, 0.1, (n_hidden, 1))
        self.Theta2 = rng.normal(0, 0.5, (n_out, n_hidden))
        self.beta2 = rng.normal(0, 0.1, (n_out, 1))

    def forward(self, x):
        self.a0 = x
        self.a1 = 1 / (1 + np.exp(-(self.Theta1 @ x + self.beta1)))
        return self.Theta2 @ self.a1 + self.beta2

    def backward(self, delta2, eta):
        nabla_2 = delta2 @ self.a1.T
        self.beta2 -= eta * delta2.sum(axis=1, keepdims=True)
        delta1 = (self.Theta2.T @ delta2) * self.a1 * (1 - self.a1)
        nabla_1 = delta1 @ self.a0.T
        delta0 = self.Theta1.T @ delta1
        self.Theta2 -= eta * nabla_2
        self.Theta1 -= eta * nabla_1
        self.beta1 -= eta * delta1.sum(axis=1, keepdims=True)
        return delta0


def faulty():
    rng = np.random.default_rng(5)
    return {"subject": MLP(4, 6, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


def correct():
    rng = np.random.default_rng(5)
    return {"subject": MLPRepaired(4, 6, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}
